import { memo } from '../memo.ts';
import type { Message } from '../message.ts';
import type { Encoder } from './Encoder.ts';
import { encodeTogether } from './encodeOnce.ts';
import type { Frame } from './Frame.ts';

/**
 * Messages that follow one another in a log. Clients that come back over all of them get them as one frame, which is made
 * once for each encoder, and as bytes that they share: the garbage of a copy for each of hundreds that come back at once
 * would hold up what comes live, for several ms at a time.
 */
export class Segment {
  /** How many places of the log it takes. */
  readonly length: number;
  /** The id of the last one. */
  readonly id: string;
  readonly #messages: () => Iterable<Message>;
  /** Weakly, as clients with encoders of their own come and go. */
  readonly #frames = new WeakMap<Encoder, Frame | false>();

  constructor(length: number, id: string, messages: () => Iterable<Message>) {
    this.length = length;
    this.id = id;
    this.#messages = messages;
  }

  /** All of them; `undefined` where each has to go by itself. */
  frame(encoder: Encoder): Frame | undefined {
    return memo(this.#frames, encoder, () => encodeTogether(encoder, this.#messages) ?? false) || undefined;
  }
}

/** The end of a client, which can take messages as one. */
export interface SegmentTaker {
  /** Takes all of them, or nothing: where they do not go together, or where the client cannot take more. */
  takeSegment(segment: Segment): boolean;
}

/** What `subscriber` is if it is a client's end itself: an operator between would see each message. */
export function takerOf(subscriber: object): SegmentTaker | undefined {
  return 'takeSegment' in subscriber ? (subscriber as SegmentTaker) : undefined;
}
