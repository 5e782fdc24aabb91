import { expect } from 'chai';
import type { TornadoseError } from 'tornadose';
import { Deliveries } from '../../src/stores/Deliveries.ts';
import { thrown } from '../support/thrown.ts';

describe('Deliveries', () => {
  let deliveries: Deliveries;
  let seen: string;
  const add = (name: string, act: () => void = () => {}): void =>
    deliveries.add(() => {
      seen += name;
      act();
      seen += name.toUpperCase();
    });
  beforeEach(() => {
    deliveries = new Deliveries();
    seen = '';
  });

  it('should deliver at once', () => {
    add('a');
    add('b');
    expect(seen).to.equal('aAbB');
  });

  it('should put off what is asked for meanwhile, and keep the order in which it was', () => {
    add('a', () => {
      add('b', () => add('d'));
      add('c');
    });
    expect(seen).to.equal('aAbBcCdD');
  });

  it('should do `now` within a delivery, and what is asked for meanwhile after it', () => {
    add('a', () => {
      add('b');
      deliveries.now(() => {
        seen += '!';
        add('c');
      });
    });
    deliveries.now(() => {
      seen += '?';
      add('d');
    });
    expect(seen).to.equal('a!AbBcC?dD');
  });

  it('should take 10,000 from within a delivery, whether they wait together or follow each other, and no more', () => {
    const refusals: TornadoseError[] = [];
    const tryAdd = (act?: () => void): void => {
      try {
        deliveries.add(act ?? (() => {}));
      } catch (error) {
        refusals.push(error as TornadoseError);
      }
    };
    deliveries.add(() => {
      for (let i = 0; i < 10_001; i += 1) tryAdd();
    });
    expect(refusals).to.have.length(1);
    let count = 0;
    const again = (): void => {
      count += 1;
      tryAdd(again);
    };
    deliveries.add(again);
    expect(count).to.equal(10_001);
    expect(refusals).to.have.length(2);
    for (const error of refusals) expect(error).to.include({ code: 'ERR_REENTRANT', limit: 10_000 });
  });

  it('should go on after a refusal', () => {
    deliveries.add(() => {
      for (let i = 0; i < 10_000; i += 1) deliveries.add(() => {});
      expect(thrown(() => deliveries.add(() => {})).code).to.equal('ERR_REENTRANT');
    });
    add('a', () => add('b'));
    expect(seen).to.equal('aAbB');
  });

  it('should pass on what a delivery throws, after those that wait for it', () => {
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() =>
      deliveries.add(() => {
        add('b');
        add('c');
        fail();
      }),
    ).to.throw('no');
    expect(seen).to.equal('bBcC');
    add('d');
    expect(seen).to.equal('bBcCdD');
  });
});
