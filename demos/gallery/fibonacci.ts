import { map, range, repeat, scan, timer, zip } from 'rxjs';
import { DataStore, Message } from 'tornadose';

/** Begins again when a card can hold no more digits; `npm run demo -- fibonacci` never does. */
const last = 300;

const step = { n: 0, value: 0n, next: 1n };
const steps = zip(timer(0, 1000), range(0, last + 1)).pipe(
  scan(({ value, next }, [, n]) => (n === 0 ? step : { n, value: next, next: value + next }), step),
  repeat(),
);

/** The Fibonacci numbers, one a second, as text: JSON has no BigInt. */
export const fibonacci: DataStore<Message<{ n: number; value: string }>> = new DataStore<
  Message<{ n: number; value: string }>
>();
steps
  .pipe(map(({ n, value }) => new Message({ event: 'fibonacci', data: { n, value: value.toString() } })))
  .subscribe(fibonacci);
