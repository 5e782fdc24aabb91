import { expect } from 'chai';
import fc from 'fast-check';
import { Message, type MessageFields } from 'tornadose';
import { webSocketFrames, webSocketText } from '../../src/encoding/webSocketText.ts';
import { thrown } from '../support/thrown.ts';
import { hostileText, messageFields } from '../wire/hostile.ts';

const encode = (fields: MessageFields<unknown>, encoder = webSocketText()): string =>
  new TextDecoder().decode(encoder.encode(fields) as Uint8Array);

describe('webSocketText', () => {
  it('should be JSON with data, and event and id where there are any', () => {
    expect(encode({ data: { a: 1 }, event: 'e', id: '7', retry: 500 })).to.equal(
      '{"data":{"a":1},"event":"e","id":"7"}',
    );
    expect(encode({ data: 'text' })).to.equal('{"data":"text"}');
    expect(encode({ data: null })).to.equal('{"data":null}');
  });

  it('should send what a serializer of one’s own made as a JSON string', () => {
    const encoder = webSocketText((data) => `<${String(data)}>"`);
    expect(JSON.parse(encode({ data: 7 }, encoder))).to.deep.equal({ data: '<7>"' });
    expect(JSON.parse(encode({ data: 'a' }, encoder))).to.deep.equal({ data: 'a' });
  });

  it('should be read back equal', () => {
    fc.assert(
      fc.property(messageFields(), ({ data, event, id, retry }) => {
        const text = encode(new Message({ data, event, id, retry }));
        const parsed: unknown = JSON.parse(text);
        expect(parsed).to.deep.equal({
          data: JSON.parse(JSON.stringify(data)),
          ...(event === undefined ? {} : { event }),
          ...(id === undefined ? {} : { id }),
        });
      }),
      { numRuns: 500 },
    );
  });

  it('should not let any text out of its field', () => {
    fc.assert(
      fc.property(hostileText(), (data) => {
        if (data.isWellFormed()) expect(JSON.parse(encode({ data }))).to.deep.equal({ data });
        else expect(thrown(() => encode({ data })).code).to.equal('ERR_UNSERIALISABLE');
      }),
      { numRuns: 500 },
    );
  });

  it('should refuse data that has no text', () => {
    for (const data of [undefined, () => {}, Symbol('s'), { toJSON: () => undefined }])
      expect(thrown(() => encode({ data })).code).to.equal('ERR_UNSERIALISABLE');
    expect(() => encode({ data: 7n })).to.throw(TypeError);
  });

  it('should have no heartbeat, as a WebSocket has its ping', () => {
    expect([webSocketText().heartbeat, webSocketFrames().heartbeat]).to.deep.equal([undefined, undefined]);
  });
});
