import { Subject } from 'rxjs';
import type { BackpressureOperator } from 'tornadose';
import { noting } from './marbles.ts';

/** What comes out of a strategy whose gate opens when all has come, with what it let go and how it failed. */
export function heldBack(
  strategy: BackpressureOperator<unknown>,
  values: readonly unknown[],
  waiting = 0,
): { readonly output: unknown[]; readonly failure: unknown; readonly drops: string[] } {
  const outlet = noting(waiting);
  const ready = new Subject<boolean>();
  const source = new Subject<unknown>();
  const output: unknown[] = [];
  let failure: unknown;
  source.pipe(strategy(ready, outlet as never)).subscribe({
    next: (value) => output.push(value),
    error: (error) => {
      failure = error;
    },
  });
  ready.next(false);
  for (const value of values) source.next(value);
  ready.next(true);
  return { output, failure, drops: outlet.drops };
}
