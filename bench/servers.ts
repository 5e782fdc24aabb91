import type { Protocol } from './load/protocol.ts';

/** Something that is measured: a module in server/, in one of its variants. */
export interface Server {
  readonly name: string;
  readonly module: string;
  readonly variant?: string;
  readonly protocol: Protocol;
  /** Whose version is told, beside Node's. */
  readonly package?: string;
  /** Each client has a filter of its own, which half of the events pass. */
  readonly filtered?: boolean;
  /** Is measured with `--quick` too. */
  readonly quick?: boolean;
}

const sse = (name: string, module: string, more: Partial<Server> = {}): Server => ({
  name,
  module,
  protocol: 'event-stream',
  ...more,
});
const ws = (name: string, module: string, more: Partial<Server> = {}): Server => ({
  name,
  module,
  protocol: 'websocket',
  ...more,
});

/** The one-buffer-per-tick floors, to which others are compared. */
export const floors: Readonly<Record<Protocol, string>> = {
  'event-stream': 'floor tick',
  websocket: 'floor ws tick',
};

/** Add a server here, with a module in server/ whose `start(variant)` gives `{ server, publish(values) }`. */
export const servers: readonly Server[] = [
  sse('floor tick', 'floor', { variant: 'tick', quick: true }),
  sse('floor chunk', 'floor', { variant: 'chunk' }),
  sse('floor write', 'floor', { variant: 'write' }),
  sse('tornadose', 'tornadose', { variant: 'plain', package: 'tornadose', quick: true }),
  sse('tornadose filter', 'tornadose', { variant: 'filter', package: 'tornadose', filtered: true }),
  sse('tornadose map', 'tornadose', { variant: 'map', package: 'tornadose' }),
  sse('rxjs', 'rxjs', { variant: 'plain', package: 'rxjs' }),
  sse('rxjs filter', 'rxjs', { variant: 'filter', package: 'rxjs', filtered: true }),
  sse('rxjs map', 'rxjs', { variant: 'map', package: 'rxjs' }),
  sse('better-sse', 'betterSse', { package: 'better-sse', quick: true }),
  sse('sse-channel', 'sseChannel', { package: 'sse-channel' }),
  sse('@fastify/sse', 'fastifySse', { package: '@fastify/sse' }),
  sse('hono', 'hono', { package: 'hono' }),
  ws('floor ws tick', 'floorWebSocket', { variant: 'tick', package: 'ws' }),
  ws('floor ws event', 'floorWebSocket', { variant: 'event', package: 'ws' }),
  ws('tornadose ws', 'tornadose', { variant: 'webSocket', package: 'tornadose' }),
  ws('ws send', 'ws', { package: 'ws' }),
];
