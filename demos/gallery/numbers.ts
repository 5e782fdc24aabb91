import { map, timer } from 'rxjs';
import { DataStore, Message } from 'tornadose';

/** A random number every second. */
export const numbers: DataStore<number> = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

const kept = 90;
const past: { readonly value: number; readonly at: number }[] = [];
numbers.subscribe((value) => {
  past.push({ value, at: Date.now() });
  if (past.length > kept) past.shift();
});

/** The numbers of the last minute and a half with their ages in ms, so that a chart has something to begin with. */
export function recentNumbers(): Message<{ value: number; age: number }[]> {
  const now = Date.now();
  return new Message({ event: 'recent', data: past.map(({ value, at }) => ({ value, age: now - at })) });
}
