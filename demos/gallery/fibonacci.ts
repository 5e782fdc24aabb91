import { map, range, repeat, scan, timer, zip } from 'rxjs';
import { DataStore, Message } from 'tornadose';

/** Begins again when a card can hold no more digits; `npm run demo -- fibonacci` never does. */
const last = 300;

/** How many earlier terms come with each. */
const shown = 6;
/** Where it begins: there is something to see at once. */
const first = { n: 12, value: 144n, next: 233n };

const steps = zip(timer(0, 1000), range(first.n, last - first.n + 1)).pipe(
  scan(({ value, next }, [, n]) => (n === first.n ? first : { n, value: next, next: value + next }), first),
  repeat(),
);

/** A term as text, since JSON has no BigInt, with those before it, the nearest first. */
export interface Term {
  readonly n: number;
  readonly value: string;
  readonly before: readonly string[];
}

/** The Fibonacci numbers, one a second. */
export const fibonacci: DataStore<Message<Term>> = new DataStore<Message<Term>>();
steps.pipe(map((step) => new Message({ event: 'fibonacci', data: term(step) }))).subscribe(fibonacci);

function term({ n, value, next }: typeof first): Term {
  const before: string[] = [];
  let [older, newer] = [next - value, value];
  while (before.length < shown) {
    before.push(older.toString());
    [older, newer] = [newer - older, older];
  }
  return { n, value: value.toString(), before };
}
