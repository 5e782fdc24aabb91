/** How clients speak to a server. */
export type Protocol = 'event-stream' | 'websocket';

/** What the load process is asked to do, one after the other. */
export type LoadOrder =
  | {
      readonly order: 'connect';
      readonly port: number;
      readonly protocol: Protocol;
      readonly count: number;
      /** How many are on their way at a time. */
      readonly inFlight: number;
      /** Clients that do not read never get to know whether they were answered. */
      readonly reads: boolean;
      readonly filtered: boolean;
    }
  | { readonly order: 'await'; readonly seq: number; readonly timeout: number }
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
