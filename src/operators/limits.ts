import { TornadoseError } from '../errors.ts';
import { type Checked, checkNames, integer } from '../options.ts';

/** How much may wait for one client. */
export interface LimitOptions {
  /** How many values may wait. @defaultValue 100 000 */
  readonly maxCount?: number | undefined;
  /** How many bytes may wait, in the strategy, the outbox and the socket together. @defaultValue 1 048 576 (1 MiB) */
  readonly maxBytes?: number | undefined;
}

export type Limits = Checked<LimitOptions>;

/** The limits of a strategy, checked at the door. */
export function limitsOf(where: string, options: LimitOptions, others: readonly string[] = []): Limits {
  checkNames(where, options, ['maxCount', 'maxBytes', ...others]);
  return {
    maxCount: integer('maxCount', options.maxCount, 100_000),
    maxBytes: integer('maxBytes', options.maxBytes, 1024 * 1024),
  };
}

/** Whether `more` bytes are too many beside those that wait. An event larger than the limit passes where nothing waits. */
export function tooMany({ maxBytes }: Limits, waiting: number, more: number): boolean {
  return waiting > 0 && waiting + more > maxBytes;
}

/** Throws when `more` bytes are too many for a client for whom something waits in its strategy, `behind` being what waits after that. */
export function checkRoom(
  limits: Limits,
  held: { readonly size: number; readonly bytes: number },
  behind: number,
  more: number,
): void {
  const waiting = held.bytes + behind;
  if (held.size > 0 && tooMany(limits, waiting, more)) throw overflow(limits, 'bytes', waiting + more);
}

export function overflow(limits: Limits, unit: 'bytes' | 'events', waiting: number): TornadoseError {
  const limit = unit === 'bytes' ? limits.maxBytes : limits.maxCount;
  return new TornadoseError('ERR_OVERFLOW', `Expected at most ${limit} ${unit} to wait for a client, got ${waiting}`, {
    limit,
    unit,
    waiting,
  });
}
