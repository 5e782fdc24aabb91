import { type Observable, Subject } from 'rxjs';
import {
  type BackpressureOperator,
  type ConnectionEvent,
  type Encoder,
  Message,
  TornadoseError,
  toSink,
} from 'tornadose';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

/** A strategy at work for one client: as an operator by itself, or run by the engine of a sink. */
export interface StrategyAtWork {
  emit(value: unknown): void;
  complete(): void;
  fail(error: unknown): void;
  /** The client can take no more, with as many bytes on their way to it. */
  unready(behind?: number): Promise<void>;
  ready(): Promise<void>;
  leave(): void;
  /** What came out, each as its line of text. */
  readonly output: string[];
  /** What was let go, by reason. */
  readonly drops: Record<string, { count: number; bytes: number }>;
  readonly end: { readonly reason: 'complete' | 'error' | 'overflow'; readonly error?: unknown } | undefined;
  /** Whether it still listens to its source. */
  readonly listens: boolean;
}

export type Form = (strategy: BackpressureOperator<unknown>) => StrategyAtWork;

/** A value as a line of text, which both forms give out and measure. */
const lines: Encoder = {
  name: 'lines',
  encode: ({ data, event, id }) => `${JSON.stringify({ data, event, id })}\n`,
};

const lineOf = (value: unknown): string => lines.encode(value instanceof Message ? value : { data: value }) as string;

// In a sink it is a write that finds out that the client can take no more, so there has to be something to write.
const lastStraw = new Message({ data: null, event: 'last-straw' });
const isValue = (line: string): boolean => !line.includes('"last-straw"');

abstract class AtWork implements StrategyAtWork {
  protected readonly source = new Subject<unknown>();
  protected isReady = true;
  readonly drops: StrategyAtWork['drops'] = {};
  end: StrategyAtWork['end'];

  abstract readonly output: string[];
  protected abstract turn(ready: boolean, behind: number): Promise<void>;
  abstract leave(): void;

  get listens(): boolean {
    return this.source.observed;
  }

  emit(value: unknown): void {
    this.source.next(value);
  }

  complete(): void {
    this.source.complete();
  }

  fail(error: unknown): void {
    this.source.error(error);
  }

  async unready(behind = 1): Promise<void> {
    if (!this.isReady) return;
    this.isReady = false;
    await this.turn(false, behind);
  }

  async ready(): Promise<void> {
    if (this.isReady) return;
    this.isReady = true;
    await this.turn(true, 0);
  }

  protected drop(why: string, count: number, bytes: number): void {
    this.drops[why] ??= { count: 0, bytes: 0 };
    this.drops[why].count += count;
    this.drops[why].bytes += bytes;
  }
}

class OperatorAtWork extends AtWork {
  readonly #gate = new Subject<boolean>();
  readonly #lines: string[] = [];
  #behind = 0;
  readonly #subscription;

  constructor(strategy: BackpressureOperator<unknown>) {
    super();
    const atWork = this;
    const outlet = {
      bytesOf: (value: unknown) => Buffer.byteLength(lineOf(value)),
      get waiting() {
        return atWork.#behind;
      },
      dropped: (value: unknown, why: string) => this.drop(why, 1, outlet.bytesOf(value)),
    };
    this.#subscription = strategy(
      this.#gate,
      outlet,
    )(this.source).subscribe({
      next: (value) => this.#lines.push(lineOf(value)),
      complete: () => {
        this.end = { reason: 'complete' };
      },
      error: (error) => {
        this.end = { reason: TornadoseError.is(error, 'ERR_OVERFLOW') ? 'overflow' : 'error', error };
      },
    });
  }

  get output(): string[] {
    return this.#lines.filter(isValue);
  }

  protected async turn(ready: boolean, behind: number): Promise<void> {
    if (!ready) this.source.next(lastStraw);
    this.#behind = behind;
    this.#gate.next(ready);
  }

  leave(): void {
    this.#subscription.unsubscribe();
  }
}

class EngineAtWork extends AtWork {
  readonly #transport = new FakeTransport();

  constructor(strategy: BackpressureOperator<unknown>) {
    super();
    const options = { backpressure: strategy, outboxBytes: 2 ** 30, heartbeat: false } as const;
    const connection: Observable<ConnectionEvent> = this.source.pipe(toSink(this.#transport, lines, options));
    connection.subscribe((event) => {
      if (event.type === 'drop') this.drop(event.reason, event.count, event.bytes);
      if (event.type !== 'close') return;
      const { reason, error } = event;
      if (reason === 'complete' || reason === 'error' || reason === 'overflow')
        this.end = reason === 'complete' ? { reason } : { reason, error };
    });
  }

  get output(): string[] {
    return this.#transport.written
      .join('')
      .split(/(?<=\n)/)
      .filter((line) => line !== '' && isValue(line));
  }

  protected async turn(ready: boolean, behind: number): Promise<void> {
    if (ready) {
      this.#transport.drain();
    } else {
      this.#transport.takes = false;
      this.source.next(lastStraw);
    }
    await endOfTick();
    this.#transport.waiting = behind;
  }

  leave(): void {
    this.#transport.leave();
  }
}

/** Both forms, which must behave the same. */
export const forms: Readonly<Record<'operator' | 'engine', Form>> = {
  operator: (strategy) => new OperatorAtWork(strategy),
  engine: (strategy) => new EngineAtWork(strategy),
};
