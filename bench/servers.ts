import type { Question } from './cases.ts';
import type { Protocol } from './load/protocol.ts';
import { nginx, type Program } from './programs.ts';

/** Something that is measured: a module in server/. */
export interface Server {
  readonly name: string;
  readonly module: string;
  /** What the module is told to be for each question that it has an answer to. */
  readonly variants: Readonly<Partial<Record<Question, string>>>;
  readonly protocol: Protocol;
  /** What it is compared to, the first one that has an answer to the same question: one buffer for each tick, by hand. */
  readonly floors: readonly string[];
  /** Whose version is told, beside Node's. */
  readonly package?: string;
  /** What it needs beside its package. */
  readonly program?: Program;
  /** Takes part in these cases alone. */
  readonly only?: readonly string[];
  /** Is measured with `--quick` too. */
  readonly quick?: boolean;
}

const server = (protocol: Protocol, name: string, module: string, more: Partial<Server> = {}): Server => ({
  name,
  module,
  protocol,
  variants: { plain: 'plain' },
  floors: protocol === 'event-stream' ? ['floor tick', 'floor stream'] : ['floor ws tick'],
  ...more,
});
const sse = server.bind(undefined, 'event-stream');
const ws = server.bind(undefined, 'websocket');

const ticks = { plain: 'tick', filter: 'tick', map: 'tick', loop: 'tick' };
const tornadose = {
  variants: { plain: 'plain', filter: 'filter', map: 'map', stream: 'stream', loop: 'plain' },
  package: 'tornadose',
};
const rxjs = { plain: 'plain', filter: 'filter', map: 'map', stream: 'stream' };

/** Add a server here, with a module in server/ whose `start(variant)` gives `{ server, publish(values) }`. */
export const servers: readonly Server[] = [
  sse('floor tick', 'floor', { variants: ticks, quick: true }),
  sse('floor chunk', 'floor', { variants: { plain: 'chunk' } }),
  sse('floor write', 'floor', { variants: { plain: 'write', loop: 'write' } }),
  sse('floor filter', 'floor', { variants: { filter: 'filter' } }),
  sse('floor rxjs', 'floorRxjs', { variants: { filter: 'filter', map: 'map' } }),
  sse('floor stream', 'floorStream', { variants: { stream: 'write' }, quick: true }),
  sse('floor joined', 'floorStream', { variants: { stream: 'joined' }, quick: true }),
  sse('tornadose', 'tornadose', { ...tornadose, quick: true }),
  sse('tornadose since', 'tornadose', {
    ...tornadose,
    variants: { plain: 'since' },
    only: ['single', 'burst', 'idle'],
  }),
  sse('tornadose watched', 'tornadose', {
    ...tornadose,
    variants: { plain: 'watched' },
    only: ['single', 'burst', 'connect'],
  }),
  sse('tornadose metered', 'tornadose', {
    ...tornadose,
    variants: { plain: 'metered' },
    only: ['single', 'burst'],
  }),
  sse('rxjs', 'rxjs', { variants: rxjs, package: 'rxjs' }),
  sse('better-sse', 'betterSse', {
    variants: { plain: 'plain', loop: 'plain' },
    package: 'better-sse',
    quick: true,
  }),
  sse('sse-channel', 'sseChannel', { package: 'sse-channel' }),
  sse('@fastify/sse', 'fastifySse', { package: '@fastify/sse' }),
  sse('hono', 'hono', { package: 'hono' }),
  sse('nestjs', 'nest', { package: '@nestjs/core' }),
  sse('nginx nchan', 'nginx', { program: nginx }),
  ws('floor ws tick', 'floorWebSocket', { variants: { plain: 'tick', loop: 'tick' }, package: 'ws' }),
  ws('floor ws event', 'floorWebSocket', { variants: { plain: 'event' }, package: 'ws' }),
  ws('tornadose ws', 'tornadose', { variants: { plain: 'webSocket', loop: 'webSocket' }, package: 'tornadose' }),
  ws('ws send', 'ws', { package: 'ws' }),
  server('socket.io', 'socket.io', 'socketIo', { package: 'socket.io' }),
];
