import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ErrorReport } from 'tornadose';

export interface ErrorReports {
  readonly list: ErrorReport[];
  /** When each of them came, in ms. */
  readonly at: number[];
  stop(): void;
}

/** What arrives on `tornadose:error` until it is stopped, and when. */
export function errorReports(): ErrorReports {
  const list: ErrorReport[] = [];
  const at: number[] = [];
  const add = (report: unknown): void => {
    list.push(report as ErrorReport);
    at.push(performance.now());
  };
  subscribe('tornadose:error', add);
  return { list, at, stop: () => unsubscribe('tornadose:error', add) };
}
