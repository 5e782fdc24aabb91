import { subscribe } from 'node:diagnostics_channel';
import { interval, merge, type Observable } from 'rxjs';
import { type ConnectionEvent, DataStore, Message } from 'tornadose';

/** What the page shows of the server. */
export interface Statistics {
  /** Open connections, by sink: `event-stream`, `websocket`. */
  clients: Record<string, number>;
  /** Events published in the last second. */
  eventsPerSecond: number;
  /** What slow clients did not get, since the start: events, and bytes. */
  dropped: { events: number; bytes: number };
  /** Clients that were too slow for their strategy. */
  cutOff: number;
  /** Memory in use, in bytes. */
  heap: number;
  /** Seconds since the start. */
  uptime: number;
}

/** The server's statistics, once a second, from what the library tells of itself. */
export function statisticsOf(...published: Observable<unknown>[]): DataStore<Message<Statistics>> {
  const now: Statistics = {
    clients: {},
    eventsPerSecond: 0,
    dropped: { events: 0, bytes: 0 },
    cutOff: 0,
    heap: 0,
    uptime: 0,
  };
  subscribe('tornadose:connection', (report) => {
    const { sink, event } = report as { sink: string; event: ConnectionEvent };
    if (event.type === 'open') now.clients[sink] = (now.clients[sink] ?? 0) + 1;
    if (event.type !== 'close' || event.reason === 'refused') return;
    now.clients[sink] = (now.clients[sink] ?? 1) - 1;
    if (event.reason === 'overflow') now.cutOff += 1;
  });
  subscribe('tornadose:drop', (report) => {
    const { event } = report as { event: ConnectionEvent };
    if (event.type !== 'drop') return;
    now.dropped.events += event.count;
    now.dropped.bytes += event.bytes;
  });

  let events = 0;
  const store = new DataStore<Message<Statistics>>();
  merge(...published, store).subscribe(() => {
    events += 1;
  });
  interval(1000).subscribe(() => {
    now.eventsPerSecond = events;
    events = 0;
    now.heap = process.memoryUsage().heapUsed;
    now.uptime = Math.floor(process.uptime());
    store.data = new Message({ event: 'statistics', data: structuredClone(now) });
  });
  return store;
}
