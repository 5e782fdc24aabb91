import { TornadoseError } from '../errors.ts';
import { integer, invalidOption, milliseconds } from '../options.ts';
import type { Codec } from './Codec.ts';
import type { Commands } from './Commands.ts';
import { Lane } from './Lane.ts';
import { encodePayload, tooLarge } from './payload.ts';
import { rejected } from './rejected.ts';

/** What all stores of Redis are told of publishing. */
export interface PublishingSettings<T> {
  /** How values become text and back: `text`, `json` or your own. */
  readonly codec?: Codec<T> | undefined;
  /** How many publishes may be on their way, of all stores that share `redis`. @defaultValue 10 000 */
  readonly maxPending?: number | undefined;
  /** How many bytes may be on their way, of all stores that share `redis`. @defaultValue 8 388 608 (8 MiB) */
  readonly maxPendingBytes?: number | undefined;
  /** After how many ms a publish without an answer fails. @defaultValue 5 000 */
  readonly timeout?: number | undefined;
  /** How large a payload may be, in or out. @defaultValue 1 048 576 (1 MiB) */
  readonly maxMessageBytes?: number | undefined;
}

/** The names of {@link PublishingSettings}. */
export const publishingNames = ['codec', 'maxPending', 'maxPendingBytes', 'timeout', 'maxMessageBytes'] as const;

/** One store's way to Redis for what it publishes: it leaves in order, encoded, bounded, each with an answer in time. */
export class Publisher<T> {
  readonly codec: Codec<T>;
  readonly timeout: number;
  readonly maxMessageBytes: number;
  readonly #lane: Lane;
  readonly #commands: Commands;
  readonly #command: string;
  /** What the store publishes to. */
  readonly #name: string;
  #ended: Promise<never> | undefined;

  constructor(
    settings: PublishingSettings<T>,
    byDefault: Codec<T>,
    commands: Commands,
    command: string,
    name: string,
    isOpen?: () => boolean,
  ) {
    const { codec = byDefault } = settings;
    if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function')
      throw invalidOption('codec', 'text, json or a pair of functions { encode, decode }', codec);
    this.codec = codec;
    this.timeout = milliseconds('timeout', settings.timeout, 5_000);
    this.maxMessageBytes = integer('maxMessageBytes', settings.maxMessageBytes, 1024 * 1024);
    const limits = {
      maxPending: integer('maxPending', settings.maxPending, 10_000),
      maxPendingBytes: integer('maxPendingBytes', settings.maxPendingBytes, 8 * 1024 * 1024),
      timeout: this.timeout,
    };
    this.#lane = new Lane(limits, isOpen);
    this.#commands = commands;
    this.#command = command;
    this.#name = name;
  }

  /** Has `send` called with the value's text when its turn comes. @returns its answer, or a TornadoseError */
  publish<Answer>(value: T, send: (payload: string) => Promise<Answer>): Promise<Answer> {
    let payload: string;
    try {
      payload = encodePayload(this.codec, value);
    } catch (error) {
      return rejected(error);
    }
    const bytes = Buffer.byteLength(payload);
    if (bytes > this.maxMessageBytes) return rejected(tooLarge(bytes, this.maxMessageBytes));
    return this.#commands.run(this.#lane, this.#command, bytes, () => send(payload));
  }

  /** The answer of a store that has ended. */
  closed(): Promise<never> {
    this.#ended ??= rejected(
      new TornadoseError('ERR_STORE_CLOSED', `Expected an open store, got one that has ended (${this.#name})`, {
        store: this.#name,
      }),
    );
    return this.#ended;
  }

  /** Resolves when all that is on its way has its answer. */
  settled(): Promise<void> {
    return this.#lane.settled();
  }
}
