import { Message, type MessageFields } from 'tornadose';
import { hostilePieces, received } from './hostile.ts';

/** A value to publish, and the one event that each client must make of it; none for a value that cannot be sent. */
export interface Vector {
  readonly value: unknown;
  readonly event?: WireEvent;
}

/** An event as an EventSource sees it: its id is that of the last event that had one. */
export interface WireEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

const megabyte = 1_000_000;
const text = (value: string): MessageFields<unknown> => ({ data: value });

const data: MessageFields<unknown>[] = [
  ...['', ' ', '  two spaces  ', ':', ': x', 'plain'].map(text),
  ...hostilePieces.flatMap((piece) => [piece, `${piece}a`, `a${piece}`, `a${piece}${piece}b`]).map(text),
  ...['a\n\ndata: forged\n\n', 'a\r\rdata: forged\r\r', 'a\nevent: forged', 'a\nid: forged', 'a\nretry: 0'].map(text),
  ...['a\r\nb\rc\nd', '\n\r\n\r', 'x\r', '\rx', '\u2028data: forged\u2029'].map(text),
  text('x'.repeat(megabyte)),
  text('line\r\n'.repeat(megabyte / 6)),
  text('é😀'.repeat(megabyte / 6)),
  ...[null, true, 0, -0.5, [], {}, { a: '\n\r\0\u2028', '\n': '\ud800' }, [['"\\']]].map((value) => ({ data: value })),
];

const events = [
  'message',
  'é😀',
  'a:b',
  ':',
  ' lead',
  'trail ',
  '  ',
  '\u2028',
  '\ufeff',
  '\t',
  'data: x',
  '__proto__',
];
const ids = ['0', '-', '~', '._~-', 'AZaz09', 'x'.repeat(128)];
const named: MessageFields<unknown>[] = [
  ...events.map((event) => ({ data: `named ${JSON.stringify(event)}`, event })),
  ...ids.map((id) => ({ data: `with id ${id}`, id })),
  { data: 'all of it', event: 'all', id: 'all-1', retry: 100 },
  { data: 'a\n\nb', event: 'all', id: 'all-2', retry: 2 ** 31 - 1 },
  { data: 'neither name nor id' },
];

// These cannot be sent: there must be no event of theirs, and those around them must be whole.
const unsendable: unknown[] = [
  ...['\ud800', 'a\udfffb', '\udfff\ud800'],
  ...[undefined, () => {}, Symbol('undefined'), 7n, { toJSON: () => undefined }],
];

/** Everything that parsers are known to trip over, in the order in which it is published. */
export const vectors: readonly Vector[] = (() => {
  let lastEventId = '';
  const all: Vector[] = [];
  for (const fields of [...data.filter((each) => isSendable(each.data)), ...named]) {
    lastEventId = fields.id ?? lastEventId;
    // Plain values and messages in turn: they must come to the same.
    const isPlain = Object.keys(fields).length === 1 && all.length % 2 === 0;
    all.push({
      value: isPlain ? fields.data : new Message(fields),
      event: { type: fields.event ?? 'message', data: received(fields.data), lastEventId },
    });
    if (unsendable.length > 0 && all.length % 5 === 0) all.push({ value: unsendable.pop() });
  }
  return all;
})();

/** What each client must see. */
export const expectedEvents: readonly WireEvent[] = vectors.flatMap(({ event }) => event ?? []);

/** The names to listen for. */
export const eventTypes: readonly string[] = [...new Set(expectedEvents.map(({ type }) => type)), 'forged'];

/** Fields that no message may have, as no client would read them as they are. */
export const refusedFields: readonly MessageFields<unknown>[] = [
  ...['\n', '\r', 'a\r\nb', 'a\ndata: forged', '\0', 'a\0b', '', '\ud800'].map((event) => ({ data: 1, event })),
  ...['\n', '\r', 'a\ndata: forged', '\0', '', ' ', 'a b', 'é', '\ufeff', 'x'.repeat(129)].map((id) => ({
    data: 1,
    id,
  })),
  ...[0, 99, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((retry) => ({ data: 1, retry })),
];

function isSendable(value: unknown): boolean {
  return typeof value !== 'string' || value.isWellFormed();
}
