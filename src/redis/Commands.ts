import { TornadoseError } from '../errors.ts';
import { Deadlines } from './Deadlines.ts';
import { InFlight } from './InFlight.ts';
import type { Lane, Sending } from './Lane.ts';
import { isReply, type RedisClusterLike, type RedisLike } from './RedisLike.ts';
import { handled, rejected } from './rejected.ts';

/** How many commands are sent and not answered at most: one that waits here costs a third of one that ioredis holds. */
const mostSent = 1_000;

/**
 * The commands that all stores of one `redis` send over it. A command is sent only on a ready connection, never through
 * ioredis's offline queue, which has no bound: until then it waits in its lane. One that was sent keeps its place in
 * flight until ioredis settles it, so that a Redis which is stopped cannot pile up commands.
 */
export class Commands {
  readonly #redis: RedisLike | RedisClusterLike;
  readonly #inFlight = new InFlight();
  readonly #deadlines = new Deadlines();
  /** The lanes in which something waits. */
  readonly #lanes = new Set<Lane>();
  readonly #sent = new Set<Sending>();
  readonly #using: (used: boolean) => void;
  #lastError: { key: string; cause: unknown; now: number; error: TornadoseError } | undefined;

  /** `using` is told when the first command is on its way and when none is any more. */
  constructor(redis: RedisLike | RedisClusterLike, using: (used: boolean) => void) {
    this.#redis = redis;
    this.#using = using;
  }

  /**
   * Has `send` called as soon as Redis can be reached and the lane is open. @returns its answer
   *
   * It rejects with a TornadoseError: `ERR_REDIS_BUSY` and `ERR_REDIS_DOWN` (not sent), `ERR_REDIS_TIMEOUT` (unknown) or
   * `ERR_REDIS_REPLY`.
   */
  run<Answer>(lane: Lane, command: string, bytes: number, send: () => Promise<Answer>): Promise<Answer> {
    if (this.#redis.status === 'end') return rejected(this.#late(false, 0, performance.now()));
    if (!this.#inFlight.admits(bytes, lane)) return this.#inFlight.busy();
    const startedAt = performance.now();
    if (this.#inFlight.pending === 0) this.#using(true);
    this.#inFlight.add(bytes);
    return handled(
      new Promise<Answer>((resolve, reject) => {
        const expire = (now: number): void => this.#expire(sending, now);
        const sending: Sending = {
          lane,
          command,
          bytes,
          startedAt,
          send,
          resolve,
          reject,
          settled: false,
          dueAt: Number.NaN,
          wait: 0,
          expire,
        };
        lane.started();
        this.#deadlines.add(sending, lane.timeout, startedAt);
        if (lane.waiting.size === 0 && this.#maySend && lane.isOpen()) this.#send(sending);
        else this.#wait(sending);
      }),
    );
  }

  /** Sends what waits in the lanes that are open. */
  flush(): void {
    for (const lane of this.#lanes) {
      if (!this.#maySend) return;
      if (!lane.isOpen()) continue;
      for (const sending of lane.waiting) {
        if (!this.#maySend) return;
        lane.waiting.delete(sending);
        this.#send(sending);
      }
      this.#lanes.delete(lane);
    }
  }

  /** The connection is gone. With this option off, ioredis never settles what was sent over it and not answered. */
  closed(): void {
    if (!('options' in this.#redis) || this.#redis.options?.autoResendUnfulfilledCommands !== false) return;
    const now = performance.now();
    for (const sending of this.#sent) {
      this.#fail(sending, this.#late(true, now - sending.startedAt, now));
      this.#leave(sending);
    }
  }

  /** The client has ended, and will not come back by itself: there is nothing to wait for. */
  ended(): void {
    const now = performance.now();
    for (const lane of this.#lanes) {
      for (const sending of lane.waiting) {
        lane.waiting.delete(sending);
        this.#fail(sending, this.#late(false, now - sending.startedAt, now));
        this.#free(sending);
      }
    }
    this.#lanes.clear();
  }

  get #ready(): boolean {
    const redis = this.#redis;
    if (redis.status !== 'ready') return false;
    return !('stream' in redis) || redis.stream?.writable !== false;
  }

  get #maySend(): boolean {
    return this.#sent.size < mostSent && this.#ready;
  }

  #wait(sending: Sending): void {
    sending.lane.waiting.add(sending);
    this.#lanes.add(sending.lane);
    // A client with `lazyConnect` connects at its first command.
    if (this.#redis.status === 'wait') handled(this.#redis.connect());
  }

  #send(sending: Sending): void {
    this.#sent.add(sending);
    let reply: Promise<unknown>;
    try {
      reply = sending.send();
    } catch (error) {
      reply = Promise.reject(error);
    }
    reply.then(
      (answer) => {
        this.#leave(sending);
        if (this.#settle(sending)) sending.resolve(answer as never);
      },
      (cause: unknown) => {
        this.#leave(sending);
        if (sending.settled) return;
        const now = performance.now();
        this.#fail(
          sending,
          isReply(cause) ? refusedBy(sending.command, cause) : this.#late(true, now - sending.startedAt, now, cause),
        );
      },
    );
  }

  #expire(sending: Sending, now: number): void {
    const { lane } = sending;
    const sent = !lane.waiting.delete(sending);
    this.#fail(sending, this.#late(sent, now - sending.startedAt, now));
    if (sent) return;
    if (lane.waiting.size === 0) this.#lanes.delete(lane);
    this.#free(sending);
  }

  #fail(sending: Sending, error: TornadoseError): void {
    if (this.#settle(sending)) sending.reject(error);
  }

  #settle(sending: Sending): boolean {
    if (sending.settled) return false;
    sending.settled = true;
    this.#deadlines.delete(sending);
    sending.lane.ended();
    return true;
  }

  /** Its place is free, if it was not already. */
  #leave(sending: Sending): void {
    if (!this.#sent.delete(sending)) return;
    this.#free(sending);
    if (this.#lanes.size > 0 && this.#sent.size <= mostSent / 2) this.flush();
  }

  #free({ bytes }: Sending): void {
    this.#inFlight.remove(bytes);
    if (this.#inFlight.pending === 0) this.#using(false);
  }

  /** Those that fail within a second share one error: ten thousand stack traces of one timer would say nothing more. */
  #late(sent: boolean, after: number, now: number, cause?: unknown): TornadoseError {
    const waited = Math.round(after);
    const { status } = this.#redis;
    const key = `${sent} ${waited} ${status}`;
    const last = this.#lastError;
    if (last?.key === key && last.cause === cause && now - last.now < 1_000) return last.error;
    const options = cause === undefined ? undefined : { cause };
    const error = sent
      ? new TornadoseError(
          'ERR_REDIS_TIMEOUT',
          `Expected an answer from Redis, got none in ${waited} ms (connection: ${status}); whether it took effect is unknown`,
          { waited },
          options,
        )
      : new TornadoseError(
          'ERR_REDIS_DOWN',
          `Expected a connection to Redis, got none to use in ${waited} ms (connection: ${status}); not sent`,
          { status, waited },
          options,
        );
    this.#lastError = { key, cause, now, error };
    return error;
  }
}

/** The error of a command that Redis refused. */
export function refusedBy(command: string, cause: unknown): TornadoseError {
  return new TornadoseError(
    'ERR_REDIS_REPLY',
    `Expected Redis to accept ${command}, got: ${cause instanceof Error ? cause.message : String(cause)}`,
    { command },
    { cause },
  );
}
