import { hasSubscribers } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { lastValueFrom, NEVER, of } from 'rxjs';
import {
  budget,
  lastEventId,
  onBackpressureLatest,
  QueueStore,
  TornadoseError,
  toEventSource,
  toSink,
  toWebSocket,
} from 'tornadose';
import { type MeterLike, registerMetrics } from 'tornadose/metrics';
import { WebSocket, WebSocketServer } from 'ws';
import { reportError } from '../../src/diagnostics.ts';
import { openConnections } from '../../src/flow/openConnections.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { type Figures, figuresOf } from '../support/figures.ts';
import { lines } from '../support/LogClient.ts';
import { closeLater, closeServers, connect, readUntil, serve } from '../support/servers.ts';
import { thrown } from '../support/thrown.ts';

describe('registerMetrics', () => {
  const ends: (() => void)[] = [];
  const transports: FakeTransport[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    for (const transport of transports.splice(0)) transport.leave();
    await closeServers();
  });

  /** An application's meter, and its figures as Prometheus gets them. */
  async function application(): Promise<{ meter: MeterLike; figures(): Promise<Figures>; register(): () => void }> {
    const exporter = new PrometheusExporter({ preventServerStart: true });
    const provider = new MeterProvider({ readers: [exporter] });
    closeLater(() => provider.shutdown());
    const meter = provider.getMeter('application');
    const { url } = await serve((req, res) => exporter.getMetricsRequestHandler(req, res));
    return {
      meter,
      figures: () => figuresOf(url),
      register() {
        const end = registerMetrics(meter);
        ends.push(end);
        return end;
      },
    };
  }

  function client<T>(source: QueueStore<T>, name: string): FakeTransport {
    const transport = new FakeTransport();
    transports.push(transport);
    source.pipe(toSink(transport, { ...lines, name }, { backpressure: onBackpressureLatest(), heartbeat: false }));
    return transport;
  }

  it('should tell of real clients what they were sent, exactly, and how they came and went', async () => {
    const { register, figures } = await application();
    const store = new QueueStore<string>();
    const over: Promise<unknown>[] = [];
    const { port, server } = await serve((req, res) => {
      over.push(lastValueFrom(store.since(lastEventId(req)).pipe(toEventSource(res))));
    });
    new WebSocketServer({ server }).on('connection', (ws) => {
      over.push(lastValueFrom(store.pipe(toWebSocket(ws))));
    });
    const request = (headers = ''): string => `GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
    // A file of specs before this one may have left some, in the same process.
    const others = new Map(openConnections());
    const active = (eventStreams: number, webSockets: number) => ({
      'event-stream': eventStreams + (others.get('event-stream') ?? 0),
      websocket: webSockets + (others.get('websocket') ?? 0),
    });
    // This one is there before anybody counts.
    const first = await connect(port, request());
    const [, position] = /^id: (.*)$/m.exec(await readUntil(first, '\n\n\r\n')) as unknown as [string, string];
    register();

    const page = new WebSocket(`ws://127.0.0.1:${port}`);
    closeLater(() => page.terminate());
    const payloads: string[] = [];
    page.on('message', (data) => payloads.push(String(data)));
    await once(page, 'open');
    for (const value of ['one', 'two', 'three']) store.next(value);
    const [, size = '', body = ''] = /^(\w+)\r\n([^\r]*)\r\n$/.exec(await readUntil(first, 'three\n\n\r\n')) ?? [];
    while (payloads.length < 3) await once(page, 'message');

    let now = await figures();
    expect(now.of('tornadose_connection_active')).to.include(active(1, 1));
    expect(now.of('tornadose_connection_opened_total')).to.deep.equal({ websocket: 1 });
    expect(now.of('tornadose_sent_events_total')).to.deep.equal({ 'event-stream': 3, websocket: 3 });
    expect(body.length).to.equal(Number.parseInt(size, 16));
    expect(now.of('tornadose_sent_bytes_total')).to.deep.equal({
      'event-stream': body.length,
      // The head of so small a frame has two bytes.
      websocket: payloads.join('').length + 3 * 2,
    });
    // A write for each, in the one tick.
    expect(now.one('tornadose_delay_count')).to.equal(2);

    const back = await connect(port, request(`Last-Event-ID: ${position}\r\n`));
    await readUntil(back, 'three\n\n\r\n');
    const wrong = await connect(port, request('Last-Event-ID: nonsense\r\n'));
    expect(await readUntil(wrong, '\n\n\r\n')).to.include('"reason":"malformed"');
    page.close();
    for (const socket of [first, back, wrong]) socket.destroy();
    await Promise.all(over);

    now = await figures();
    expect(now.of('tornadose_recoveries_total')).to.deep.equal({ true: 1, 'false malformed': 1 });
    // The gap is an event, too.
    expect(now.of('tornadose_sent_events_total')).to.deep.equal({ 'event-stream': 3 + 3 + 1, websocket: 3 });
    expect(now.of('tornadose_connection_active')).to.include(active(0, 0));
    expect(now.of('tornadose_connection_opened_total')).to.deep.equal({ 'event-stream': 2, websocket: 1 });
    expect(now.of('tornadose_connection_closed_total')).to.deep.equal({
      'event-stream client': 3,
      'websocket client': 1,
    });
  });

  it('should tell what a slow client was not sent, and what waits for it', async () => {
    const { register, figures } = await application();
    register();
    const store = new QueueStore<string>();
    const [quick, slow] = [client(store, 'quick'), client(store, 'slow')];
    slow.takes = false;
    for (const value of ['a', 'b', 'c', 'd', 'e']) {
      store.next(value);
      await endOfTick();
    }
    const line = `${JSON.stringify({ data: 'a' })}\n`.length;
    let now = await figures();
    expect(now.of('tornadose_sent_events_total')).to.deep.equal({ quick: 5, slow: 1 });
    expect(now.of('tornadose_dropped_events_total')).to.deep.equal({ 'slow replaced': 3 });
    expect(now.of('tornadose_dropped_bytes_total')).to.deep.equal({ 'slow replaced': 3 * line });
    // The first one, which its socket has, and the newest.
    expect(now.one('tornadose_waiting_bytes')).to.equal(2 * line);
    expect(now.one('tornadose_waiting_connections')).to.equal(1);
    expect(now.one('tornadose_waiting_limit')).to.equal(budget.maxBytes);

    slow.drain();
    await endOfTick();
    now = await figures();
    expect(quick.written.join('')).to.include('e');
    expect(now.of('tornadose_sent_events_total')).to.deep.equal({ quick: 5, slow: 2 });
    expect(now.one('tornadose_waiting_bytes')).to.equal(0);
    expect(now.one('tornadose_waiting_connections')).to.equal(0);
    expect(now.one('tornadose_delay_count')).to.equal(7);
  });

  it('should tell of gaps and of errors by their kind', async () => {
    const { register, figures } = await application();
    register();
    const store = new QueueStore<unknown>({ history: { size: 1 } });
    const transport = new FakeTransport();
    transports.push(transport);
    store.since().pipe(toSink(transport, { ...lines, name: 'log' }, { heartbeat: false }));
    await endOfTick();
    transport.takes = false;
    for (const value of ['a', 1n, 'b']) {
      store.next(value);
      await endOfTick();
    }
    transport.drain();
    await endOfTick();
    await endOfTick();
    reportError('publish', new TypeError('no'));
    reportError('publish', 'no');
    const now = await figures();
    expect(now.of('tornadose_gaps_total')).to.deep.equal({ 'too-far-behind client': 1 });
    expect(now.of('tornadose_errors_total')).to.deep.equal({
      'ERR_UNSERIALISABLE encode': 1,
      'TypeError publish': 1,
      'string publish': 1,
    });
  });

  it('should count what was refused, or ended before it opened, as closed alone', async () => {
    const { register, figures } = await application();
    register();
    const { url } = await serve((_req, res) => {
      of<string>().pipe(toEventSource(res)).subscribe();
      NEVER.pipe(toEventSource(res)).subscribe();
    });
    expect((await fetch(url)).status).to.equal(204);
    const now = await figures();
    expect(now.of('tornadose_connection_opened_total')).to.deep.equal({});
    expect(now.of('tornadose_connection_closed_total')).to.deep.equal({
      'event-stream complete': 1,
      'event-stream refused': 1,
    });
  });

  it('should count nothing more once it is ended, and begin anew', async () => {
    const { meter, register, figures } = await application();
    const store = new QueueStore<string>();
    const end = register();
    client(store, 'ended');
    store.next('a');
    await endOfTick();
    end();
    end();
    store.next('b');
    await endOfTick();
    const now = await figures();
    expect(now.of('tornadose_sent_events_total')).to.deep.equal({ ended: 1 });
    for (const name of ['connection_active', 'waiting_bytes', 'waiting_limit', 'waiting_connections'])
      expect(now.of(`tornadose_${name}`), name).to.deep.equal({});
    for (const channel of ['connection', 'tick', 'drop', 'resume', 'gap', 'error'])
      expect(hasSubscribers(`tornadose:${channel}`), channel).to.equal(false);

    register();
    client(store, 'ended');
    store.next('c');
    await endOfTick();
    const later = await figures();
    expect(later.of('tornadose_sent_events_total')).to.deep.equal({ ended: 3 });
    expect(later.of('tornadose_connection_active')).to.include({ ended: 2 });
    expect(TornadoseError.is(thrown(() => registerMetrics(meter)))).to.equal(true);
  });

  it('should refuse what is no meter, and one that counts already', async () => {
    const { meter, register } = await application();
    register();
    const wrong = [undefined, null, {}, () => {}, new MeterProvider(), { ...meter, createCounter: 1 }, meter];
    for (const each of wrong) {
      const error = thrown(() => registerMetrics(each as MeterLike));
      expect(TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option).to.equal('meter');
    }
    expect(hasSubscribers('tornadose:tick')).to.equal(true);
  });

  it('should leave nothing behind with a meter that fails', async () => {
    const added = new Set<unknown>();
    let fails: 'create' | 'observe' | undefined;
    const fail = (): never => {
      throw new RangeError('no');
    };
    const failing: MeterLike = {
      createCounter: () => ({ add: () => {} }),
      createHistogram: () => ({ record: () => {} }),
      createObservableUpDownCounter(name) {
        if (fails === 'create' && name.endsWith('waiting.limit')) fail();
        return {
          addCallback: (callback) => (fails === 'observe' && added.size === 2 ? fail() : added.add(callback)),
          removeCallback: (callback) => added.delete(callback),
        };
      },
    };
    for (fails of ['create', 'observe'] as const) {
      expect(() => registerMetrics(failing), fails).to.throw(RangeError);
      expect(added.size).to.equal(0);
      for (const channel of ['connection', 'tick', 'drop', 'resume', 'gap', 'error'])
        expect(hasSubscribers(`tornadose:${channel}`), channel).to.equal(false);
    }
    // It is none that is registered already.
    fails = undefined;
    registerMetrics(failing)();
  });

  it('should do nothing with the meter of an application that has no provider', () => {
    const end = registerMetrics(metrics.getMeter('nobody'));
    reportError('publish', new Error('no'));
    end();
    expect(hasSubscribers('tornadose:error')).to.equal(false);
  });
});
