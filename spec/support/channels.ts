import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { endOfTick } from './endOfTick.ts';

/** What came on a channel of this library while `act` ran, also when that is asynchronous. */
export async function reported<T>(channel: string, act: () => unknown): Promise<T[]> {
  const reports: T[] = [];
  const listener = (report: unknown): void => {
    reports.push(report as T);
  };
  subscribe(`tornadose:${channel}`, listener);
  try {
    await act();
  } finally {
    unsubscribe(`tornadose:${channel}`, listener);
  }
  return reports;
}

/** The process warnings of this library while `act` ran, and in the turns of the event loop in which Node tells them. */
export async function warnings(act: () => unknown): Promise<Error[]> {
  const seen: Error[] = [];
  const listener = (warning: Error): void => {
    if (warning.name === 'TornadoseWarning') seen.push(warning);
  };
  process.on('warning', listener);
  try {
    await act();
    await endOfTick();
    await endOfTick();
  } finally {
    process.off('warning', listener);
  }
  return seen;
}
