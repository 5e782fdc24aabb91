import type { Subscriber } from 'rxjs';
import { reportResume } from '../diagnostics.ts';
import { Gap, type GapData, type Message } from '../message.ts';
import { type Demand, passEnd, passOn } from '../pull/demand.ts';
import type { CompositePosition } from './CompositePosition.ts';
import type { SinceOptions } from './Log.ts';
import { type Part, type PartOwner, PartSubscriber } from './PartSubscriber.ts';

/**
 * One client's place in several logs. It holds nothing back: each part waits in its log until the client can take more,
 * and until the message before, of whichever part, has been passed on.
 */
export class CombinedCursor implements PartOwner {
  readonly #position: CompositePosition;
  readonly #subscriber: Subscriber<Message>;
  readonly #client: Demand | undefined;
  readonly #parts: readonly PartSubscriber[];
  /** Where the client stands in each part: after what was passed on to it. */
  readonly #ids: (string | undefined)[];
  /** The client came with what is no position of a combination, and has yet to be told. */
  #isMalformed: boolean;
  /** Every part is subscribed. */
  #isOpen = false;
  #isPassing = false;
  #isFollowed = false;
  /** The client has nothing to come back with yet. */
  #tell = false;
  #left: number;
  /** The parts that wait for the others. */
  #waiting: (() => void)[] = [];

  /** @param ids where the client stands, `malformed` when it is not to be read, `undefined` when it came without a position */
  constructor(
    parts: readonly Part[],
    position: CompositePosition,
    subscriber: Subscriber<Message>,
    client: Demand | undefined,
    ids: readonly (string | undefined)[] | 'malformed' | undefined,
  ) {
    this.#position = position;
    this.#subscriber = subscriber;
    this.#client = client;
    this.#isMalformed = ids === 'malformed';
    const known = typeof ids === 'object' ? ids : undefined;
    this.#ids = parts.map((_, index) => known?.[index]);
    this.#left = parts.length;
    // One that the position does not name is new to the client.
    const isNew = (index: number): boolean => known !== undefined && known[index] === undefined;
    this.#parts = parts.map((part, index) => new PartSubscriber(this, part, index, position, isNew(index)));
  }

  /** Subscribes to the parts, none of which goes on before all are subscribed. One may say later where it begins. */
  run(options: SinceOptions): void {
    for (const part of this.#parts) {
      this.#subscriber.add(part);
      // The one before may have failed, or a gap of its own made the client leave.
      if (this.#subscriber.closed) return;
      part.log.since(this.#ids[part.index], options).subscribe(part);
    }
    this.#tellMalformed();
    if (this.#subscriber.closed) return;
    this.#follow();
    this.#isOpen = true;
    if (this.#left === 0) passEnd(this.#subscriber, this.#client);
    else this.#resume();
  }

  // ── what the parts ask and tell ────────────────────────────────────────────────────────────────────────────────

  get ready(): boolean {
    return this.#isOpen && !this.#isPassing && this.#client?.ready !== false;
  }

  whenReady(resume: () => void): void {
    if (this.#isOpen && !this.#isPassing && this.#client !== undefined) this.#client.whenReady(resume);
    else this.#waiting.push(resume);
  }

  writeNow(): void {
    if (this.#isOpen && !this.#isPassing) this.#client?.writeNow?.();
  }

  /** The part knows where it begins. */
  begun(part: PartSubscriber, tell: boolean): void {
    if (part.isNew) this.#tellNew(part);
    else {
      this.#ids[part.index] ??= part.place;
      this.#tell ||= tell;
    }
    if (this.#isOpen && (this.#tell || !this.#isFollowed)) this.#follow();
  }

  next(part: PartSubscriber, message: Message): void {
    this.#tellMalformed();
    if (part.isNew) this.#tellNew(part);
    const place = message.id === undefined ? this.#ids[part.index] : this.#position.usable(message.id);
    const id = this.#idWith(part, place);
    const combined =
      message instanceof Gap ? new Gap(this.#gapData(part, message.data), id) : part.combined(message, id);
    this.#pass(combined, part, place);
  }

  error(error: unknown): void {
    this.#subscriber.error(error);
  }

  completed(part: PartSubscriber): void {
    if (part.isNew) this.#tellNew(part);
    this.#left -= 1;
    if (this.#left === 0 && this.#isOpen) passEnd(this.#subscriber, this.#client);
  }

  // ── to the client ──────────────────────────────────────────────────────────────────────────────────────────────

  #tellMalformed(): void {
    if (!this.#isMalformed) return;
    this.#isMalformed = false;
    // It has an id to come back with, if anything has.
    this.#tell = false;
    reportResume(undefined, 'malformed');
    this.#pass(new Gap({ reason: 'malformed' }, this.#position.write(this.#ids)));
  }

  #tellNew(part: PartSubscriber): void {
    part.isNew = false;
    reportResume(part.name, 'unknown-epoch');
    const { place } = part;
    this.#pass(new Gap({ reason: 'unknown-epoch', log: part.name }, this.#idWith(part, place)), part, place);
  }

  /** To a client, one log's position says nothing: it is given what it would have come back with. */
  #gapData(part: PartSubscriber, { from, ...data }: GapData): GapData {
    const composite = from && this.#idWith(part, this.#position.usable(from));
    return { ...data, log: part.name, ...(composite && { from: composite }) };
  }

  /** Passes a message on. Not before that has the client moved on in a part. */
  #pass(message: Message, part?: PartSubscriber, place?: string): void {
    const isNested = this.#isPassing;
    this.#isPassing = true;
    try {
      passOn(this.#subscriber, message, this.#client);
    } finally {
      this.#isPassing = isNested;
    }
    if (part !== undefined) this.#ids[part.index] = place;
    if (!isNested && this.#isOpen) this.#resume();
  }

  #resume(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  // ── where the client stands ────────────────────────────────────────────────────────────────────────────────────

  /** Has the client's end take note, as soon as there is something to note and nothing that will be known presently is missing. */
  #follow(): void {
    const isUnknown = ({ index }: PartSubscriber): boolean => this.#ids[index] === undefined;
    if (this.#parts.some((part) => part.isLate && isUnknown(part))) this.#client?.followLater?.();
    else if (!this.#parts.every(isUnknown)) {
      this.#isFollowed = true;
      const tell = this.#tell;
      this.#tell = false;
      this.#client?.follow?.(this.#place, tell);
    }
  }

  readonly #place = (): string => {
    // A part has moved on before its message has been passed on.
    if (!this.#isPassing) for (const part of this.#parts) this.#ids[part.index] = part.place ?? this.#ids[part.index];
    return this.#position.write(this.#ids) ?? nowhere;
  };

  #idWith(part: PartSubscriber, place: string | undefined): string | undefined {
    return this.#position.write(this.#ids.with(part.index, place));
  }
}

/** A position that is malformed to all logs. */
const nowhere = '~';
