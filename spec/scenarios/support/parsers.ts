import { once } from 'node:events';
import http from 'node:http';
import { EventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';
import { parseEventStream } from '../../wire/parseEventStream.ts';
import { eventTypes, type WireEvent } from '../../wire/vectors.ts';
import type { Context } from '../Scenario.ts';
import type { UndiciOrders } from '../server/undiciClient.ts';
import { EventStreamSession } from './EventStreamSession.ts';

const types = [...eventTypes, 'end'];

/** Clients that read an event stream, each in a way of its own. */
export type ParserName =
  | 'the standard’s algorithm'
  | 'the same over HTTP/2'
  | 'eventsource-parser'
  | 'eventsource'
  | 'undici’s EventSource'
  | 'Chromium';

/** One that has connected. */
export interface Reading {
  /** What it made of all that came, up to the end. */
  readonly events: Promise<readonly WireEvent[]>;
  leave(): unknown;
}

/** Where the stream is, over HTTP/1.1 and HTTP/2. */
export interface Stream {
  readonly url: string;
  readonly http2: number;
}

const nothing = (): void => {};

export const parsers: Readonly<Record<ParserName, (context: Context, stream: Stream) => Promise<Reading>>> = {
  async 'the standard’s algorithm'(_context, { url }) {
    const stream = textOf(await get(url));
    return { events: stream.then((text) => parseEventStream(text).events), leave: nothing };
  },
  async 'the same over HTTP/2'(context, { http2: port }) {
    const session = new EventStreamSession(port);
    context.defer(() => session.end());
    let text = '';
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const stream = await session.open('/stream', (bytes) => {
      text += decoder.decode(bytes, { stream: true });
    });
    const events = once(stream, 'close').then(() => parseEventStream(text).events);
    return { events, leave: () => session.end() };
  },
  async 'eventsource-parser'(_context, { url }) {
    const response = await get(url);
    const events: Parsed[] = [];
    const parser = createParser({ onEvent: (event) => events.push(event) });
    response.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
    return { events: once(response, 'end').then(() => withLastIds(events)), leave: nothing };
  },
  async eventsource(context, { url }) {
    const source = new EventSource(url);
    context.defer(() => source.close());
    const events: Parsed[] = [];
    const ended = new Promise<void>((resolve) => {
      for (const type of types) {
        source.addEventListener(type, ({ data, lastEventId }) => {
          // Against the standard, it gives an event without an id none, and not the last one.
          events.push({ event: type, data, id: lastEventId || undefined });
          if (type !== 'end') return;
          source.close();
          resolve();
        });
      }
    });
    await new Promise((resolve) => source.addEventListener('open', resolve));
    return { events: ended.then(() => withLastIds(events)), leave: nothing };
  },
  async 'undici’s EventSource'(context, { url }) {
    const client = await context.serve<UndiciOrders>('undiciClient', '--experimental-eventsource');
    await client.ask('connect', { url, types });
    return { events: client.ask('events'), leave: () => client.end() };
  },
  async Chromium(context, { url }) {
    // Not with the first line of `npm run scenarios`: it takes a second to load.
    const { launchBrowser } = await import('../../support/browser.ts');
    const browser = await launchBrowser();
    context.defer(() => browser.close());
    const page = await browser.newPage();
    await page.goto(new URL('/', url).href);
    await page.evaluate(`new Promise((opened) => {
      const source = new EventSource('/stream');
      const events = [];
      source.onopen = opened;
      globalThis.events = new Promise((resolve) => {
        for (const type of ${JSON.stringify(types)}) {
          source.addEventListener(type, ({ data, lastEventId }) => {
            events.push({ type, data, lastEventId });
            if (type !== 'end') return;
            source.close();
            resolve(events);
          });
        }
      });
    })`);
    return { events: page.evaluate<WireEvent[]>('globalThis.events'), leave: () => browser.close() };
  },
};

interface Parsed {
  readonly event?: string | undefined;
  readonly data: string;
  readonly id?: string | undefined;
}

/** What is common to clients that know the id of an event, and not that of the last that had one. */
function withLastIds(events: readonly Parsed[]): WireEvent[] {
  let lastEventId = '';
  return events.map(({ id, event, data }) => {
    lastEventId = id ?? lastEventId;
    return { type: event ?? 'message', data, lastEventId };
  });
}

/** The head of an answer, whose body is to come. */
export async function get(url: string): Promise<http.IncomingMessage> {
  const [response] = (await once(http.get(url, { agent: false }), 'response')) as [http.IncomingMessage];
  return response;
}

/** The body, as it came. */
export async function textOf(readable: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
}
