import { Segment } from '../encoding/Segment.ts';
import type { Message } from '../message.ts';
import { whenDone } from './turns.ts';

/** How many messages go together: as many as a client is behind, of these. */
const shortest = 32;
const lengths = [256, shortest];
/** How many messages and segments are kept, at most. */
const [mostMessages, mostSegments] = [10_000, 256];

/** What is replayed: messages in memory, numbered from 1 on. */
export interface Replayed {
  /** The number of the last one. */
  readonly end: number;
  /** One of them, made anew. */
  read(number: number): Message;
  idOf(number: number): string;
}

/** What was made of retained messages, while clients come back over them: those that come together share it, and its frames. */
export class Replays {
  readonly #log: Replayed;
  readonly #messages = new Map<number, Message>();
  readonly #segments = new Map<number, Segment>();

  constructor(log: Replayed) {
    this.#log = log;
  }

  message(number: number): Message {
    const known = this.#messages.get(number);
    if (known !== undefined) return known;
    const message = this.#log.read(number);
    this.#keep(this.#messages, number, message, mostMessages);
    return message;
  }

  /** Those that go together from a number on, if it is the first of some. */
  segment(first: number): Segment | undefined {
    // It is asked for each message of each client.
    if (first % shortest !== 1) return undefined;
    const known = this.#segments.get(first);
    if (known !== undefined) return known;
    const length = lengths.find((each) => first % each === 1 && first + each - 1 <= this.#log.end);
    if (length === undefined) return undefined;
    const messages = () => Array.from({ length }, (_, index) => this.#log.read(first + index));
    const segment = new Segment(length, this.#log.idOf(first + length - 1), messages);
    this.#keep(this.#segments, first, segment, mostSegments);
    return segment;
  }

  #keep<Made>(kept: Map<number, Made>, number: number, made: Made, most: number): void {
    if (this.#messages.size + this.#segments.size === 0) whenDone(() => this.#forget());
    if (kept.size < most) kept.set(number, made);
  }

  #forget(): void {
    this.#messages.clear();
    this.#segments.clear();
  }
}
