import { identity, type Observable, tap } from 'rxjs';
import { type ConnectionEvent, filterData, Gap, type Message, toSink } from 'tornadose';
import { FakeTransport } from '../support/FakeTransport.ts';
import { type Line, lines } from '../support/LogClient.ts';
import type { Ledger, Moment } from './Ledger.ts';

/** What a client writes down: that it came, and what it got. */
export interface Note {
  readonly kind: 'came' | 'position' | 'gap' | 'value';
  /** The position that it came with, or got. */
  readonly id: string | undefined;
  readonly text: string;
  /** How far the ledger was: for what it got when it was written, for a gap when the log told it. */
  readonly moment: Moment;
}

/** What kind of client it is. */
export interface Habits {
  readonly otherwise: 'live' | 'earliest';
  /** It gets the values whose number this divides. */
  readonly divisor: number;
  readonly heartbeat: number | false;
}

export type Since = (position: string | undefined, otherwise: 'live' | 'earliest') => Observable<Message<string> | Gap>;

/** One client over all of its connections. */
export class ModelClient {
  readonly habits: Habits;
  /** What it got over those that it has left. */
  readonly #notes: Note[] = [];
  readonly #ledger: Ledger;
  #visit: Visit | undefined;
  /** Which of the log's processes it is at. */
  process = 0;
  /** Why a connection of it was ended by the log, where it was. */
  readonly closed: string[] = [];

  constructor(ledger: Ledger, habits: Habits) {
    this.#ledger = ledger;
    this.habits = habits;
  }

  get isHere(): boolean {
    return this.#visit !== undefined;
  }

  get isStalled(): boolean {
    return this.#visit?.transport.takes === false;
  }

  get notes(): readonly Note[] {
    return [...this.#notes, ...(this.#visit?.notesUpTo(Number.POSITIVE_INFINITY) ?? [])];
  }

  /** The number of the value that it got last on this connection. */
  get latest(): number {
    return this.#visit?.transport.latest ?? 0;
  }

  /** Whether a gap is what it got last. */
  get endsWithGap(): boolean {
    return this.#visit?.transport.got.at(-1)?.line.event === 'gap';
  }

  /** Whether it knows where it is. */
  get isPlaced(): boolean {
    return this.notes.some(({ id }) => id !== undefined);
  }

  come(process: number, since: Since): void {
    this.process = process;
    const id = this.#notes.findLast((note) => note.id !== undefined)?.id;
    this.#visit = new Visit(this.#ledger, this.habits, id, since);
  }

  /** Is cut when that part of the bytes has arrived which it was sent. */
  cut(part: number): void {
    const visit = this.#visit;
    if (visit === undefined) return;
    this.#visit = undefined;
    for (const event of visit.events)
      if (event.type === 'close' && event.reason !== 'complete') this.closed.push(event.reason);
    visit.transport.leave();
    this.#notes.push(...visit.notesUpTo(Math.floor(part * visit.transport.bytes)));
  }

  stall(): void {
    if (this.#visit !== undefined) this.#visit.transport.takes = false;
  }

  drain(): void {
    this.#visit?.transport.drain();
  }
}

/** One connection. */
class Visit {
  readonly transport: Recording;
  readonly events: ConnectionEvent[] = [];
  readonly #came: Note;
  /** How far the ledger was at each gap, in order. */
  readonly #gaps: Moment[] = [];

  constructor(ledger: Ledger, habits: Habits, id: string | undefined, since: Since) {
    const { otherwise, divisor, heartbeat } = habits;
    this.transport = new Recording(ledger);
    this.#came = { kind: 'came', id, text: otherwise, moment: ledger.now() };
    since(id, otherwise)
      .pipe(
        tap((message) => message instanceof Gap && this.#gaps.push(ledger.now())),
        divisor === 1 ? identity : filterData((text) => Number.parseInt(text, 10) % divisor === 0),
        toSink(this.transport, lines, { heartbeat }),
      )
      .subscribe((event) => this.events.push(event));
  }

  /** What it got of the first so many bytes. */
  notesUpTo(bytes: number): Note[] {
    let gaps = 0;
    const got = this.transport.got.filter(({ ends }) => ends <= bytes);
    const notes = got.map(({ line: { id, event, data }, moment }): Note => {
      if (event === 'position') return { kind: 'position', id, text: '', moment };
      if (event !== 'gap') return { kind: 'value', id, text: String(data), moment };
      const told = this.#gaps[gaps] ?? moment;
      gaps += 1;
      return { kind: 'gap', id, text: (data as { reason: string }).reason, moment: told };
    });
    return [this.#came, ...notes];
  }
}

/** A transport that knows when each line was written, and where it ends. */
class Recording extends FakeTransport {
  readonly got: { readonly line: Line; readonly ends: number; readonly moment: Moment }[] = [];
  readonly #ledger: Ledger;
  bytes = 0;
  latest = 0;

  constructor(ledger: Ledger) {
    super();
    this.#ledger = ledger;
  }

  override write(bytes: Uint8Array): boolean {
    const moment = this.#ledger.now();
    const taken = super.write(bytes);
    for (const text of (this.written.at(-1) ?? '').split(/(?<=\n)/)) {
      this.bytes += text.length;
      if (!text.startsWith('{')) continue;
      const line: Line = JSON.parse(text);
      this.got.push({ line, ends: this.bytes, moment });
      if (line.event === undefined) this.latest = Number.parseInt(String(line.data), 10);
    }
    return taken;
  }
}
