import { setTimeout as sleep } from 'node:timers/promises';
import { type ProxyKind, ReverseProxy } from '../support/ReverseProxy.ts';
import type { Context, Criterion, Scenario } from './Scenario.ts';
import { type AfterwardsFigure, afterwardsCriteria } from './support/afterwards.ts';
import { Passage, type Way } from './support/Passage.ts';
import { ProxiedClient } from './support/ProxiedClient.ts';

const silence = 20_000;
/** The proxies' is 3 s. */
const timeout = 5_000;

const { http1, http2, nghttp, webSocket } = ProxiedClient;

type Figure =
  | 'streams'
  | 'complete'
  | 'slowest event'
  | 'alive after 20 s of silence'
  | 'observers gone after'
  | AfterwardsFigure;
type Control = 'cut without a heartbeat' | 'held without our headers';
type Format = 'compressed' | 'headers of a connection';

const criteria = (streams: number): Readonly<Record<Figure, Criterion>> => ({
  streams: { exactly: streams },
  complete: { exactly: 100, unit: '%' },
  'slowest event': { atMost: 300, unit: 'ms' },
  'alive after 20 s of silence': { exactly: 100, unit: '%' },
  // haproxy tells it with what is written next: a heartbeat or two.
  'observers gone after': { atMost: 5_000, unit: 'ms' },
  ...afterwardsCriteria,
});
const notCompressed: Criterion = { exactly: 0, unit: '%' };
const noneOfThem: Criterion = { exactly: 0 };
/** Controls: what these scenarios ask for must be possible to miss. */
const cut: Criterion = { exactly: 100, unit: '%' };
const held: Criterion = { atLeast: 500, unit: 'ms' };

const none = async (): Promise<void> => {};

async function figuresOf(
  context: Context,
  passage: Passage,
  { meanwhile = none, stop = none }: { meanwhile?: () => Promise<unknown>; stop?: () => Promise<unknown> } = {},
): Promise<Record<Figure | Format, number>> {
  await passage.publish();
  await Promise.all([sleep(silence), meanwhile()]);
  const alive = passage.percent(({ isOpen }) => isOpen);
  await passage.publish();
  const figures = {
    streams: passage.clients.length,
    complete: passage.complete,
    'slowest event': passage.slowest,
    'alive after 20 s of silence': alive,
    compressed: passage.percent(({ encoding }) => encoding !== undefined),
    'headers of a connection': passage.clients.reduce((sum, client) => sum + client.connectionHeaders, 0),
  };
  const gone = await passage.gone();
  await stop();
  return { ...figures, 'observers gone after': gone, ...(await passage.afterwards(context)) };
}

/** HTTP/1.1, HTTP/2 by two clients, and WebSocket, through a proxy that has the recipe of `docs/proxies.md`. */
async function throughProxy(context: Context, kind: ProxyKind): Promise<Record<Figure | Format | Control, number>> {
  const passage = await Passage.begin(context);
  const { port, securePort, stop } = await started(context, kind, passage.ports.http1);
  const ways: readonly Way[] = [
    (path) => http1(port, path),
    (path) => http2(securePort, path, 'https'),
    (path) => nghttp(`https://127.0.0.1:${securePort}${path}`),
    (path) => webSocket(port, path),
  ];
  await passage.join(ways, ['/']);
  const controls = { 'cut without a heartbeat': 0, 'held without our headers': 0 };
  const meanwhile = async (): Promise<void> => {
    controls['cut without a heartbeat'] = await passage.cutWhenSilent(ways, timeout);
    controls['held without our headers'] = await passage.heldWhenOrdinary((path) => http1(port, path), '/ordinary');
  };
  const figures = await figuresOf(context, passage, { meanwhile, stop });
  return { ...figures, ...controls };
}

async function started(
  context: Context,
  kind: ProxyKind,
  upstream: number,
): Promise<{ port: number; securePort: number; stop(): Promise<void> }> {
  const proxy = await ReverseProxy.start(kind, upstream);
  const stop = (): Promise<void> => proxy.stop();
  context.defer(stop);
  return { port: proxy.port, securePort: proxy.securePort, stop };
}

const nginx: Scenario<Figure | 'headers of a connection' | Control> = {
  id: 'R26',
  title: 'nginx: gzip, buffering, 3 s timeout; HTTP/1.1, HTTP/2, WebSocket',
  criteria: {
    ...criteria(12),
    'headers of a connection': noneOfThem,
    'cut without a heartbeat': cut,
    'held without our headers': held,
  },
  async run(context) {
    const figures = await throughProxy(context, 'nginx');
    // Nothing but its own configuration keeps nginx from it. It passes each event on all the same.
    context.note(`${figures.compressed.toFixed(0)} % compressed by nginx`);
    return figures;
  },
};

const haproxy: Scenario<Figure | Format | Control> = {
  id: 'R26',
  title: 'haproxy: gzip, 3 s timeouts; HTTP/1.1, HTTP/2, WebSocket',
  criteria: {
    ...criteria(12),
    compressed: notCompressed,
    'headers of a connection': noneOfThem,
    'cut without a heartbeat': cut,
    'held without our headers': held,
  },
  run: (context) => throughProxy(context, 'haproxy'),
};

const compression: Scenario<Figure | 'held by hand'> = {
  id: 'R26',
  title: 'Express with `compression`, allowed and forced',
  criteria: { ...criteria(6), 'held by hand': held },
  async run(context) {
    const passage = await Passage.begin(context);
    const way: Way = (path) => http1(passage.ports.compressed, path);
    await passage.join([way], ['/', '/transformable']);
    const ours = passage.clients.filter(({ encoding }) => encoding === undefined);
    context.note(
      `${ours.length} streams as they are, and ${passage.clients.length - ours.length} that allow it compressed`,
    );
    let byHand = 0;
    const meanwhile = async (): Promise<void> => {
      byHand = await passage.heldWhenOrdinary(way, '/by-hand');
    };
    const figures = await figuresOf(context, passage, { meanwhile });
    return { ...figures, 'held by hand': byHand };
  },
};

const direct: Scenario<Figure | Format> = {
  id: 'R26',
  title: 'HTTP/2, TLS and clear text, to nghttp and Node',
  criteria: { ...criteria(12), compressed: notCompressed, 'headers of a connection': noneOfThem },
  async run(context) {
    const passage = await Passage.begin(context);
    const { http2: clear, secure } = passage.ports;
    await passage.join(
      [
        (path) => http2(clear, path, 'http'),
        (path) => http2(secure, path, 'https'),
        (path) => nghttp(`http://127.0.0.1:${clear}${path}`),
        (path) => nghttp(`https://127.0.0.1:${secure}${path}`),
      ],
      ['/'],
    );
    return figuresOf(context, passage);
  },
};

/** What stands between a server and its clients. */
export const proxies: readonly Scenario[] = [nginx, haproxy, compression, direct];
