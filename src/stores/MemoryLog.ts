import { Observable, type Observer, type Subscriber, type Unsubscribable } from 'rxjs';
import { reportError, reportGap, reportResume } from '../diagnostics.ts';
import { Emission } from '../encoding/Emission.ts';
import { unserialisable } from '../encoding/Encoder.ts';
import type { Segment } from '../encoding/Segment.ts';
import { Gap, type GapReason, Message, type MessageFields } from '../message.ts';
import { type Demand, demandOf } from '../pull/demand.ts';
import { Audience } from './Audience.ts';
import { Cursor, type CursorLog, endLate } from './Cursor.ts';
import { checkedSince } from './checkedSince.ts';
import { type History, type HistoryOptions, historyOf } from './History.ts';
import type { SinceOptions } from './Log.ts';
import { idOf, newEpoch, positionOf } from './position.ts';
import { Replays } from './Replays.ts';

/** A log in the memory of this process. It ends with the process, which its epoch shows. */
export class MemoryLog implements CursorLog {
  readonly #epoch = newEpoch(6);
  readonly #history: History;
  /** The cursors that have come to the end. */
  readonly #live = new Audience<Message>();
  readonly behind: Set<Observer<Message>> = new Set();
  #ending: ((cursor: Observer<Message>) => void) | undefined;
  readonly #replays = new Replays(this);

  constructor(options: HistoryOptions) {
    this.#history = historyOf(options);
  }

  /** The number of the last message; 0 before the first one. */
  get end(): number {
    return this.#history.end;
  }

  /** The number after which messages are retained. */
  get start(): number {
    return this.#history.start();
  }

  /** Whether anybody follows. */
  get observed(): boolean {
    return this.#live.size > 0;
  }

  idOf(offset: number): string {
    return idOf({ epoch: this.#epoch, offset });
  }

  /** Retains a value, and tells those who follow. */
  append(emission: Emission): void {
    const fields = fieldsOf(emission.value);
    // Who encodes it as JSON needs not do it again, nor report that it cannot be.
    const text = jsonOf(fields.data);
    emission.json = text;
    if (text === undefined) emission.isReported = true;
    this.#history.push({ text, event: fields.event, retry: fields.retry, at: performance.now() });
    if (this.#live.size === 0) return;
    const message = new Emission(messageOf(fields, this.idOf(this.end)));
    message.json = text;
    message.isReported = emission.isReported;
    message.run(this.#live);
  }

  /** A retained message. */
  message(offset: number): Message {
    return this.#replays.message(offset);
  }

  segment(first: number): Segment | undefined {
    return this.#replays.segment(first);
  }

  /** A retained message, made anew. */
  read(offset: number): Message {
    const { text, event, retry } = this.#history.at(offset);
    // A serializer of a sink's own may have sent it to those who were there.
    if (text === undefined) return new Gap({ reason: 'unserialisable' }, this.idOf(offset)) as Message;
    return messageOf({ data: JSON.parse(text), event, retry }, this.idOf(offset));
  }

  /** See `Log.since`. */
  since(after: string | undefined, options?: SinceOptions): Observable<Message> {
    const { position, otherwise } = checkedSince(after, options);
    return new Observable<Message>((subscriber) => {
      const demand = demandOf(subscriber as Subscriber<never>);
      const from = position === undefined ? undefined : this.#place(position);
      const begin = typeof from === 'number' ? from : otherwise === 'earliest' ? this.start : this.end;
      const cursor = new MemoryCursor(this, subscriber, demand, otherwise, begin);
      // A client that is cut before its first message comes back with this.
      demand?.follow?.(() => cursor.id, from === undefined);
      if (from !== undefined) reportResume(undefined, typeof from === 'string' ? from : undefined);
      if (typeof from === 'string') cursor.skip(from, from === 'malformed' ? undefined : position);
      cursor.run();
    });
  }

  /** Has a cursor told of each new message, or of the end if there is one. */
  join(cursor: Observer<Message>): Unsubscribable | undefined {
    if (this.#ending === undefined) return this.#live.join(cursor);
    this.#ending(cursor);
    return undefined;
  }

  /** Ends all who have come to the end, and the others when they do. */
  finish(ending: (cursor: Observer<Message>) => void): void {
    this.#ending ??= ending;
    const cursors = this.#live.observers;
    this.#live.clear();
    for (const cursor of cursors) ending(cursor);
    endLate(this.behind, ending);
  }

  /** The number of the message that a client has seen last, or why that is of no use here. */
  #place(position: string): number | GapReason {
    const { epoch, offset } = positionOf(position) ?? {};
    if (epoch === undefined || offset === undefined) return 'malformed';
    if (epoch !== this.#epoch) return 'unknown-epoch';
    // Nobody was given that one.
    if (offset > this.end) return 'malformed';
    return offset < this.start ? this.#history.cause : offset;
  }
}

/** A cursor into what is in memory and nowhere else: what it was overtaken by is lost. */
class MemoryCursor extends Cursor {
  declare protected readonly log: MemoryLog;
  readonly #otherwise: 'live' | 'earliest';

  constructor(
    log: MemoryLog,
    subscriber: Subscriber<Message>,
    demand: Demand | undefined,
    otherwise: 'live' | 'earliest',
    offset: number,
  ) {
    super(log, subscriber, demand, offset, log.idOf(offset));
    this.#otherwise = otherwise;
  }

  /** Says that what came before is missing, and goes on from the end, or from the earliest that is retained. */
  skip(reason: GapReason, from: string | undefined): void {
    this.offset = this.#otherwise === 'earliest' ? this.log.start : this.log.end;
    this.tell(reason, from, this.log.idOf(this.offset));
  }

  protected override overtaken(): boolean {
    reportGap('too-far-behind', 'client');
    this.skip('too-far-behind', this.id);
    return true;
  }
}

function messageOf({ data, event, retry }: MessageFields<unknown>, id: string): Message {
  return event === 'gap' ? new Gap(data as Gap['data'], id) : new Message({ data, event, retry, id });
}

/** What cannot even be looked at is data, too. */
function fieldsOf(value: unknown): MessageFields<unknown> {
  try {
    return value instanceof Message ? value : { data: value };
  } catch {
    return { data: value };
  }
}

function jsonOf(data: unknown): string | undefined {
  try {
    const text: string | undefined = JSON.stringify(data);
    if (text !== undefined) return text;
    reportError('encode', unserialisable(data));
  } catch (error) {
    reportError('encode', unserialisable(data, error));
  }
  return undefined;
}
