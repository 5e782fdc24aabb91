import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ErrorReport } from 'tornadose';

/** What arrives on `tornadose:error` until it is stopped. */
export function errorReports(): { readonly list: ErrorReport[]; stop(): void } {
  const list: ErrorReport[] = [];
  const add = (report: unknown): void => {
    list.push(report as ErrorReport);
  };
  subscribe('tornadose:error', add);
  return { list, stop: () => unsubscribe('tornadose:error', add) };
}
