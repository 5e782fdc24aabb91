import { expect } from 'chai';
import sinon from 'sinon';
import type { StreamListener } from '../../src/redis/Followed.ts';
import { SetAside } from '../../src/redis/SetAside.ts';

describe('The streams that are set aside', () => {
  const listener = (key: string): StreamListener => ({ key, after: '0-0', received: async () => {}, quiet: () => {} });
  const [one, other] = [listener('one'), listener('other')];
  let clock: sinon.SinonFakeTimers;
  let asked: [key: string, after: number][];
  let aside: SetAside;

  /** For how many ms it waits until it is asked for again. */
  const waited = (each: StreamListener): number => {
    const before = Date.now();
    aside.add(each);
    clock.next();
    return Date.now() - before;
  };

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    asked = [];
    aside = new SetAside(({ key }) => asked.push([key, Date.now()]));
  });
  afterEach(() => clock.restore());

  it('should each be asked for again, later each time that it fails', () => {
    for (const most of [100, 200, 400, 800]) expect(waited(one)).to.be.within(most / 2, most);
    expect(asked.map(([key]) => key)).to.deep.equal(['one', 'one', 'one', 'one']);
    expect(waited(other), 'each by itself').to.be.at.most(100);
    expect(aside.size).to.equal(0);
  });

  it('should have no failures to their names once they were read, and not before', () => {
    waited(one);
    expect(waited(one)).to.be.at.least(100);
    // A read that began before it was asked for says nothing of it.
    aside.asked(one, 5);
    aside.wasRead(4);
    expect(waited(one)).to.be.at.least(200);
    // Nor does one after which nothing is read any more.
    aside.asked(one, 6);
    aside.stopAsking();
    aside.wasRead(6);
    expect(waited(one)).to.be.at.least(400);
    aside.asked(one, 7);
    aside.wasRead(7);
    expect(waited(one)).to.be.at.most(100);
  });

  it('should all be asked for at once when they are let go, those that fail again not among them', () => {
    const again = new SetAside((each) => {
      asked.push([each.key, Date.now()]);
      again.add(each);
    });
    again.add(one);
    again.add(other);
    again.releaseAll();
    expect(asked).to.deep.equal([
      ['one', 0],
      ['other', 0],
    ]);
    expect(again.size).to.equal(2);
    expect(clock.countTimers()).to.equal(2);
  });

  it('should not be asked for where another one of them has led to their removal', () => {
    const leading = new SetAside(({ key }) => {
      asked.push([key, Date.now()]);
      leading.delete(other);
    });
    leading.add(one);
    leading.add(other);
    leading.releaseAll();
    expect(asked).to.deep.equal([['one', 0]]);
  });

  it('should be forgotten when nobody wants them any more', () => {
    aside.add(one);
    expect(aside.delete(one)).to.equal(true);
    expect(aside.delete(one)).to.equal(false);
    expect([aside.size, clock.countTimers()]).to.deep.equal([0, 0]);
    clock.tick(60_000);
    expect(asked).to.deep.equal([]);
  });
});
