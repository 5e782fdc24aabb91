import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ErrorReport } from 'tornadose';

/** What arrives on `tornadose:error` until it is stopped, and when, in ms. */
export function errorReports(): { readonly list: ErrorReport[]; readonly at: number[]; stop(): void } {
  const list: ErrorReport[] = [];
  const at: number[] = [];
  const add = (report: unknown): void => {
    list.push(report as ErrorReport);
    at.push(performance.now());
  };
  subscribe('tornadose:error', add);
  return { list, at, stop: () => unsubscribe('tornadose:error', add) };
}
