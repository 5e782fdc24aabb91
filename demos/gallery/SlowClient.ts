import type { Observable } from 'rxjs';
import { type BackpressureOperator, toEventSource } from 'tornadose';
import { narrowServer } from '../support/narrowServer.ts';
import { ThrottledClient } from '../support/ThrottledClient.ts';

/** The ticks `from`..`to` in one event, of the size of its load. */
export interface Ticks {
  readonly from: number;
  readonly to: number;
  readonly load: string;
}

/** How one client gets on. */
export interface Progress {
  readonly strategy: string;
  /** Events that came, and the ticks that they stand for. */
  readonly events: number;
  readonly ticks: number;
  /** The newest tick that came. */
  readonly newest: number;
  /** How far it is behind, in ticks. */
  readonly behind: number;
  /** Ticks that it will not get: up to the newest that came, or of all once it has ended. */
  readonly missed: number;
  /** Events that its strategy let go. */
  readonly dropped: number;
  /** How often it was too slow for its strategy, and its connection ended. */
  readonly cutOff: number;
  /** Whether all that waited for it has come, and its stream has ended. */
  readonly ended: boolean;
}

/** A client with a strategy, and a connection over which it reads only so many bytes a second. */
export class SlowClient {
  readonly strategy: string;
  readonly #server: { path: string; close(): void };
  readonly #client: ThrottledClient;
  readonly #end = new AbortController();
  #hasCome = false;
  #events = 0;
  #ticks = 0;
  #newest = 0;
  #dropped = 0;
  #cutOff = 0;

  constructor(
    strategy: string,
    backpressure: BackpressureOperator<Ticks>,
    bytesPerSecond: number,
    source: Observable<Ticks>,
  ) {
    this.strategy = strategy;
    this.#server = narrowServer((_req, res) => {
      source.pipe(toEventSource(res, { backpressure, signal: this.#end.signal })).subscribe((event) => {
        if (event.type === 'open') this.#hasCome = true;
        if (event.type === 'drop') this.#dropped += event.count;
        if (event.type === 'close' && event.reason === 'overflow') this.#cutOff += 1;
      });
    });
    this.#client = new ThrottledClient(this.#server.path, bytesPerSecond, (data) => {
      const { from, to } = JSON.parse(data) as Ticks;
      this.#events += 1;
      this.#ticks += to - from + 1;
      this.#newest = to;
    });
  }

  get hasCome(): boolean {
    return this.#hasCome;
  }

  /** Events that its strategy let go. */
  get dropped(): number {
    return this.#dropped;
  }

  get hasEnded(): boolean {
    return this.#end.signal.aborted && !this.#client.connected;
  }

  progress(published: number): Progress {
    const ended = this.hasEnded;
    return {
      strategy: this.strategy,
      events: this.#events,
      ticks: this.#ticks,
      newest: this.#newest,
      behind: ended ? 0 : published - this.#newest,
      missed: (ended ? published : this.#newest) - this.#ticks,
      dropped: this.#dropped,
      cutOff: this.#cutOff,
      ended,
    };
  }

  /** Ends its stream after what waits for it. */
  finish(): void {
    this.#client.stayAway();
    this.#end.abort();
  }

  stop(): void {
    this.#client.stop();
    this.#server.close();
  }
}
