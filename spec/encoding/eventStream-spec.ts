import { expect } from 'chai';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { Message, type MessageFields, TornadoseError } from 'tornadose';
import { bareEvent, eventStream } from '../../src/encoding/eventStream.ts';
import { thrown } from '../support/thrown.ts';
import { hostileText, messageFields, received } from '../wire/hostile.ts';

interface Parsed {
  readonly events: EventSourceMessage[];
  readonly retries: number[];
  readonly errors: Error[];
}

/** What a client makes of the text, in chunks of any size, as the network cuts where it likes. */
function parse(text: string, chunk = text.length): Parsed {
  const parsed: Parsed = { events: [], retries: [], errors: [] };
  const parser = createParser({
    onEvent: (event) => parsed.events.push(event),
    onRetry: (retry) => parsed.retries.push(retry),
    onError: (error) => parsed.errors.push(error),
  });
  for (let at = 0; at < text.length; at += chunk) parser.feed(text.slice(at, at + chunk));
  return parsed;
}

const encode = (fields: MessageFields<unknown>): string => eventStream().encode(fields) as string;

describe('eventStream', () => {
  it('should write the fields as lines, data last, and an empty line', () => {
    expect(encode({ data: 'a', event: 'e', id: '7', retry: 500 })).to.equal('event: e\nid: 7\nretry: 500\ndata: a\n\n');
    expect(encode({ data: 'a' })).to.equal('data: a\n\n');
  });

  it('should send a string as it is, and everything else as JSON', () => {
    expect(encode({ data: '"a"' })).to.equal('data: "a"\n\n');
    expect(encode({ data: { a: [1, null] } })).to.equal('data: {"a":[1,null]}\n\n');
    expect(encode({ data: null })).to.equal('data: null\n\n');
    expect(encode({ data: '' })).to.equal('data: \n\n');
  });

  it('should end a line at LF, CRLF and lone CR alike', () => {
    expect(encode({ data: 'a\nb\r\nc\rd' })).to.equal('data: a\ndata: b\ndata: c\ndata: d\n\n');
    expect(encode({ data: '\n' })).to.equal('data: \ndata: \n\n');
    expect(encode({ data: '\r\r\n\n' })).to.equal('data: \ndata: \ndata: \ndata: \n\n');
  });

  it('should use a serializer for all but strings, and let it see the data alone', () => {
    const encoder = eventStream((data) => `<${String(data)}>`);
    expect(encoder.encode(new Message({ data: 7, id: '1' }))).to.equal('id: 1\ndata: <7>\n\n');
    expect(encoder.encode({ data: 'seven' })).to.equal('data: seven\n\n');
    expect(eventStream(() => 'a\rb').encode({ data: 1 })).to.equal('data: a\ndata: b\n\n');
  });

  it('should be one encoder for each serializer, so that clients share frames', () => {
    const own = (): string => '';
    expect(eventStream()).to.equal(eventStream());
    expect(eventStream(JSON.stringify)).to.equal(eventStream());
    expect(eventStream(own)).to.equal(eventStream(own)).and.not.equal(eventStream());
  });

  it('should refuse data that has no text', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const data of [undefined, () => {}, Symbol('s'), 7n, cycle, { toJSON: () => undefined }, '\ud800']) {
      let error: unknown;
      try {
        error = encode({ data });
      } catch (caught) {
        error = caught;
      }
      expect(error, String(data)).to.be.instanceOf(Error);
    }
    expect(thrown(() => encode({ data: undefined }))).to.include({ code: 'ERR_UNSERIALISABLE', received: undefined });
    expect(thrown(() => encode({ data: 'a\ud800' })).message).to.include('a lone surrogate');
    expect(thrown(() => eventStream(() => 7 as unknown as string).encode({ data: {} })).code).to.equal(
      'ERR_UNSERIALISABLE',
    );
  });

  it('should be read as exactly one event with equal fields, however it is cut', () => {
    fc.assert(
      fc.property(messageFields(), fc.integer({ min: 1, max: 9 }), (fields, chunk) => {
        const { events, retries, errors } = parse(encode(new Message(fields)), chunk);
        expect(errors).to.deep.equal([]);
        expect(events).to.have.length(1);
        expect(events[0]).to.deep.equal({ id: fields.id, event: fields.event, data: received(fields.data) });
        expect(retries).to.deep.equal(fields.retry === undefined ? [] : [fields.retry]);
      }),
      { numRuns: 500 },
    );
  });

  it('should make one publish one event or one refusal, whatever text is in whatever field', () => {
    const anything = fc.oneof(hostileText(), fc.constant(undefined));
    fc.assert(
      fc.property(hostileText(), anything, anything, (data, event, id) => {
        let text: string;
        try {
          text = encode(new Message({ data, event, id }));
        } catch (error) {
          expect(error).to.be.instanceOf(TornadoseError);
          return;
        }
        const { events, errors } = parse(`${text}data: next\n\n`);
        expect(errors).to.deep.equal([]);
        expect(events).to.deep.equal([
          { id, event, data: received(data) },
          { id: undefined, event: undefined, data: 'next' },
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  it('should write one frame for a megabyte of line ends', () => {
    const data = '\r\n\r'.repeat(350_000);
    const { events } = parse(encode({ data }));
    expect(events).to.have.length(1);
    expect(events[0]?.data === received(data)).to.equal(true);
  });

  it('should have a heartbeat that no client takes for an event', () => {
    expect(parse(`${eventStream().heartbeat}`.repeat(3))).to.deep.equal({ events: [], retries: [], errors: [] });
  });

  it('should have bare events, for the signs of life and of the end', () => {
    expect(parse(bareEvent('end')).events).to.deep.equal([{ id: undefined, event: 'end', data: '' }]);
  });
});
