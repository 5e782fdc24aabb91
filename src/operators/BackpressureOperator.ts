import type { MonoTypeOperatorFunction, Observable } from 'rxjs';

/** Why a value did not reach a client. `unserialisable` is the engine's word, the others are the strategies'. */
export type DropReason = 'unserialisable' | 'oldest' | 'newest' | 'replaced' | 'not-ready' | (string & {});

/** What a strategy may ask of the connection that it works for, and must tell it. */
export interface Outlet<T> {
  /** The size of a value on the wire, in bytes. */
  bytesOf(value: T): number;
  /** How many bytes wait behind the strategy: in the outbox and in the socket. */
  readonly waiting: number;
  /** To be called for each value that will not be emitted, so that no drop is silent. */
  dropped(value: T, why: DropReason): void;
}

/**
 * What happens to values while a client cannot take more: an RxJS operator that is told when it can.
 *
 * `ready` tells, from its subscription on, `true` when the client can take more and `false` when it cannot.
 * An operator must emit only while ready (what comes all the same waits in a buffer of 1 MiB, and then ends the
 * connection), must hold a bounded amount, and must call `outlet.dropped` for what it lets go.
 */
export type BackpressureOperator<T> = (ready: Observable<boolean>, outlet?: Outlet<T>) => MonoTypeOperatorFunction<T>;
