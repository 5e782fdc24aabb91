import { expect } from 'chai';
import fc from 'fast-check';
import { type Observer, Subject, Subscriber, type Unsubscribable } from 'rxjs';
import { Audience } from '../../src/stores/Audience.ts';

const observer = (next: (value: number) => void): Observer<number> => ({ next, error() {}, complete() {} });

describe('Audience', () => {
  it('should deliver to those who are there, in the order in which they came', () => {
    const seen: string[] = [];
    const audience = new Audience<number>();
    const leave = audience.join(observer((value) => seen.push(`a${value}`)));
    audience.join(observer((value) => seen.push(`b${value}`)));
    audience.next(1);
    leave.unsubscribe();
    audience.join(observer((value) => seen.push(`c${value}`)));
    audience.next(2);
    expect(seen).to.deep.equal(['a1', 'b1', 'b2', 'c2']);
    expect(audience.size).to.equal(2);
  });

  it('should not deliver to those who come or leave meanwhile', () => {
    const seen: string[] = [];
    const audience = new Audience<number>();
    const places: Unsubscribable[] = [];
    audience.join(
      observer((value) => {
        seen.push(`a${value}`);
        places[1]?.unsubscribe();
        if (value === 1) audience.join(observer((late) => seen.push(`late${late}`)));
      }),
    );
    for (const name of ['b', 'c']) places.push(audience.join(observer((value) => seen.push(`${name}${value}`))));
    audience.next(1);
    audience.next(2);
    expect(seen).to.deep.equal(['a1', 'b1', 'a2', 'b2', 'late2']);
  });

  it('should count each that leaves once', () => {
    const audience = new Audience<number>();
    const place = audience.join(observer(() => {}));
    audience.join(observer(() => {}));
    place.unsubscribe();
    place.unsubscribe();
    expect(audience.size).to.equal(1);
  });

  it('should be what the observers of a Subject are, whoever comes, leaves and publishes when', () => {
    type Step = { readonly do: 'join' } | { readonly do: 'next' } | { readonly do: 'leave'; readonly who: number };
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ do: fc.constant('join' as const) }),
      fc.record({ do: fc.constant('next' as const) }),
      fc.record({ do: fc.constant('leave' as const), who: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const [seen, expected]: [string[], string[]] = [[], []];
        const audience = new Audience<number>();
        const subject = new Subject<number>();
        const places: Unsubscribable[] = [];
        const subscriptions: Unsubscribable[] = [];
        for (const [index, each] of steps.entries()) {
          if (each.do === 'join') {
            places.push(audience.join(observer((value) => seen.push(`${index} ${value}`))));
            subscriptions.push(subject.subscribe((value) => expected.push(`${index} ${value}`)));
          } else if (each.do === 'next') {
            audience.next(index);
            subject.next(index);
          } else {
            places[each.who]?.unsubscribe();
            subscriptions[each.who]?.unsubscribe();
          }
          expect(audience.size > 0).to.equal(subject.observed);
        }
        expect(seen).to.deep.equal(expected);
        expect(audience.observers).to.have.length(audience.size);
      }),
    );
  });

  it('should let all go at once', () => {
    const audience = new Audience<number>();
    const subscriber = new Subscriber<number>();
    const place = audience.join(subscriber);
    expect(audience.observers).to.deep.equal([subscriber]);
    audience.clear();
    place.unsubscribe();
    expect(audience.size).to.equal(0);
  });
});
