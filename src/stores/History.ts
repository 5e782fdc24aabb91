import { checkNames, integer, milliseconds } from '../options.ts';
import { Row } from './Row.ts';

/** How much a log retains. Whatever is exceeded first lets the oldest go. */
export interface HistoryOptions {
  /** How many messages. @defaultValue 1 000 */
  readonly size?: number | undefined;
  /** How many bytes, of memory. @defaultValue 8 388 608 (8 MiB) */
  readonly maxBytes?: number | undefined;
  /** For how many ms. @defaultValue for ever */
  readonly ttl?: number | undefined;
}

/** A history with what was asked for, checked. */
export function historyOf(options: HistoryOptions): History {
  checkNames('history', options, ['size', 'maxBytes', 'ttl']);
  return new History(
    integer('history.size', options.size, 1_000),
    integer('history.maxBytes', options.maxBytes, 8 * 1024 * 1024),
    milliseconds('history.ttl', options.ttl, Number.POSITIVE_INFINITY),
  );
}

/** One message as it is retained: what it says as JSON, since that is a tenth of the objects. */
export interface Retained {
  /** `undefined` for what has none, in whose place is a gap. */
  readonly text: string | undefined;
  readonly event: string | undefined;
  readonly retry: number | undefined;
  /** When it came, in ms of `performance.now()`. */
  readonly at: number;
}

/** An object, a string's head and a place in an array. */
const overhead = 96;
const isWide = /[^\0-\xff]/;

function bytesOf({ text, event }: Retained): number {
  return overhead + heldBy(text) + heldBy(event);
}

/** What V8 takes for a text: a byte for each character, or two for all when one needs two. */
function heldBy(text = ''): number {
  return isWide.test(text) ? 2 * text.length : text.length;
}

/** The last messages of a log, numbered from 1 on, bounded by count, bytes and age. */
export class History {
  readonly #size: number;
  readonly #maxBytes: number;
  readonly #ttl: number;
  readonly #entries = new Row<Retained>();
  #bytes = 0;
  /** Why the last one was let go. */
  #cause: 'trimmed' | 'expired' = 'trimmed';

  constructor(size: number, maxBytes: number, ttl: number) {
    this.#size = size;
    this.#maxBytes = maxBytes;
    this.#ttl = ttl;
  }

  /** How many bytes are retained. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the last message; 0 before the first one. */
  get end(): number {
    return this.#entries.end;
  }

  /** The number after which messages are retained. */
  start(now?: number): number {
    // Asked for each message of each client that is behind: the time would be a tenth of a replay.
    if (this.#ttl !== Number.POSITIVE_INFINITY) this.#expire(now ?? performance.now());
    return this.#entries.start;
  }

  get cause(): 'trimmed' | 'expired' {
    return this.#cause;
  }

  /** Takes in a message, which gets the next number. */
  push(entry: Retained): void {
    this.#expire(entry.at);
    this.#entries.push(entry);
    this.#bytes += bytesOf(entry);
    while (this.#entries.size > this.#size || this.#bytes > this.#maxBytes) this.#shift('trimmed');
  }

  /** The message with this number, which is above `start` and at most `end`. */
  at(number: number): Retained {
    return this.#entries.at(number);
  }

  #expire(now: number): void {
    for (let { first } = this.#entries; first !== undefined && first.at + this.#ttl <= now; { first } = this.#entries)
      this.#shift('expired');
  }

  #shift(cause: 'trimmed' | 'expired'): void {
    this.#bytes -= bytesOf(this.#entries.shift());
    this.#cause = cause;
  }
}
