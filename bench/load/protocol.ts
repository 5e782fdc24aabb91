/** How clients speak to a server. */
export type Protocol = 'event-stream' | 'websocket' | 'socket.io';

/** What the load process is asked to do, one after the other. */
export type LoadOrder =
  | {
      readonly order: 'connect';
      readonly port: number;
      readonly protocol: Protocol;
      readonly count: number;
      /** How many are on their way at a time. */
      readonly inFlight: number;
      /** Those who do not read stop when they have been answered. */
      readonly reads: boolean;
      readonly filtered: boolean;
    }
  | { readonly order: 'await'; readonly seq: number; readonly timeout: number }
  /** Asks as a client of its own for so many small events, and waits until all have come, or for too long. */
  | { readonly order: 'stream'; readonly port: number; readonly events: number; readonly timeout: number }
  /** Forgets what was measured until now. */
  | { readonly order: 'restart' }
  /** Cuts the clients that do not read. */
  | { readonly order: 'cut' };

/** What came since the last `restart`. */
export interface Arrival {
  readonly delivered: number;
  readonly expected: number;
  /** In microseconds, of one client in ten. */
  readonly p50: number;
  readonly p99: number;
}

/** What came of a stream, and how long it took from its request on, in microseconds. */
export interface StreamArrival {
  readonly delivered: number;
  readonly micros: number;
}
