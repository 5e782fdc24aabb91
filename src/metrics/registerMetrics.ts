import { type ErrorReport, type GapReport, listen, type ResumeReport } from '../diagnostics.ts';
import { TornadoseError } from '../errors.ts';
import { budget, laggardCount } from '../flow/budget.ts';
import type { ConnectionReport, DropReport } from '../flow/ConnectionEvent.ts';
import { openConnections } from '../flow/openConnections.ts';
import type { TickReport } from '../flow/TickTally.ts';
import { invalidOption } from '../options.ts';
import type { InstrumentAttributes, MeterLike, ObservableResultLike } from './MeterLike.ts';

/** From the quick client's fraction of a millisecond to the minute of one that hardly reads, in seconds. */
const delayBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const methods = ['createCounter', 'createHistogram', 'createObservableUpDownCounter'] as const;
const registered = new WeakSet<MeterLike>();

/**
 * Has OpenTelemetry know of all connections of this process: how many are open, what they are sent, what is dropped,
 * who recovers, what waits, and how long an event takes from its publishing to the socket. What each instrument says is in
 * `docs/metrics.md`.
 *
 * ```ts
 * registerMetrics(metrics.getMeter('tornadose')); // of the package @opentelemetry/api
 * ```
 *
 * Connections that are open already are among those that are open now; everything else is counted from here on. No
 * attribute names a client, a channel or a topic.
 *
 * @param meter the `Meter` of an application that has its `MeterProvider` set already; nothing happens with the one that
 *   the API gives before
 * @returns a function that ends it: nothing is counted any more, and the library is as fast as if nobody had asked
 * @throws TornadoseError `ERR_INVALID_OPTION` for what is no meter, or one that is registered already
 */
export function registerMetrics(meter: MeterLike): () => void {
  for (const method of methods)
    if (typeof meter?.[method] !== 'function') throw invalidOption('meter', 'a Meter of OpenTelemetry', meter);
  if (registered.has(meter)) throw invalidOption('meter', 'one that is not registered already', meter);
  // All instruments are made before any of them counts.
  const begins = [...countReports(meter), ...observe(meter)];
  const ends: (() => void)[] = [];
  try {
    for (const begin of begins) ends.push(begin());
  } catch (error) {
    for (const end of ends) end();
    throw error;
  }
  registered.add(meter);
  return () => {
    registered.delete(meter);
    for (const end of ends.splice(0)) end();
  };
}

/** Begins to count, and returns what ends that. */
type Begin = () => () => void;

/** What is counted as it happens. */
function countReports(meter: MeterLike): Begin[] {
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(`tornadose.${name}`, { unit, description });
  const opened = counter('connection.opened', '{connection}', 'Connections that were opened');
  const closed = counter('connection.closed', '{connection}', 'Connections that were closed, or refused');
  const events = counter('sent.events', '{event}', 'Events written to clients');
  const bytes = counter('sent.bytes', 'By', 'Bytes written to clients');
  const droppedEvents = counter('dropped.events', '{event}', 'Events that did not reach a client');
  const droppedBytes = counter('dropped.bytes', 'By', 'Bytes of the events that did not reach a client');
  const recoveries = counter('recoveries', '{recovery}', 'Clients that came back with a position');
  const gaps = counter('gaps', '{gap}', 'Holes that came up while clients were connected');
  const errors = counter('errors', '{error}', 'Faults that belong to no connection');
  const delay = meter.createHistogram('tornadose.delay', {
    unit: 's',
    description: 'How long the first event of each write has waited, from its publishing to the socket',
    advice: { explicitBucketBoundaries: [...delayBounds] },
  });
  return [
    on<ConnectionReport>('connection', ({ sink, event }) => {
      if (event.type === 'open') opened.add(1, of(sink));
      else closed.add(1, of(sink, event.reason));
    }),
    on<TickReport>('tick', (tick) => {
      events.add(tick.events, of(tick.sink));
      bytes.add(tick.bytes, of(tick.sink));
      // Without attributes: to look them up would take five times as long, for each client and tick.
      for (const ms of tick.delays) delay.record(ms / 1000);
    }),
    on<DropReport>('drop', ({ sink, event }) => {
      droppedEvents.add(event.count, of(sink, event.reason));
      droppedBytes.add(event.bytes, of(sink, event.reason));
    }),
    on<ResumeReport>('resume', ({ recovered, reason }) => {
      recoveries.add(1, { 'tornadose.recovered': recovered, ...(reason && { 'tornadose.reason': reason }) });
    }),
    on<GapReport>('gap', ({ reason, scope }) => {
      gaps.add(1, { 'tornadose.reason': reason, 'tornadose.scope': scope });
    }),
    on<ErrorReport>('error', ({ error, during }) => {
      errors.add(1, { 'error.type': typeOf(error), 'tornadose.during': during });
    }),
  ];
}

/** What is looked at when it is asked for. */
function observe(meter: MeterLike): Begin[] {
  const upDown = (name: string, unit: string, description: string, look: (result: ObservableResultLike) => void) => {
    const instrument = meter.createObservableUpDownCounter(`tornadose.${name}`, { unit, description });
    return () => {
      instrument.addCallback(look);
      return () => instrument.removeCallback(look);
    };
  };
  return [
    upDown('connection.active', '{connection}', 'Connections that are open now', (result) => {
      for (const [sink, count] of openConnections()) result.observe(count, of(sink));
    }),
    upDown('waiting.bytes', 'By', 'Bytes that wait for slow clients now', (result) => result.observe(budget.waiting)),
    upDown('waiting.limit', 'By', 'How many bytes may wait: budget.maxBytes', (result) =>
      result.observe(budget.maxBytes),
    ),
    upDown('waiting.connections', '{connection}', 'Clients for which something waits now', (result) =>
      result.observe(laggardCount()),
    ),
  ];
}

function on<Report>(channel: string, count: (report: Report) => void): Begin {
  return () => listen(channel, (report) => count(report as Report));
}

function of(sink: string, reason?: string): InstrumentAttributes {
  return reason === undefined ? { 'tornadose.sink': sink } : { 'tornadose.sink': sink, 'tornadose.reason': reason };
}

function typeOf(error: unknown): string {
  if (TornadoseError.is(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
