import { expect } from 'chai';
import fc from 'fast-check';
import { Gap, Message, TornadoseError } from 'tornadose';
import { dataOf, isNotice, withData } from '../src/message.ts';
import { thrown } from './support/thrown.ts';

const field = (fields: object): string => {
  const error = thrown(() => new Message(fields as { data: unknown }));
  expect(error.code).to.equal('ERR_INVALID_MESSAGE');
  return error.field as string;
};

describe('Message', () => {
  it('should carry its fields, and undefined for those that were not given', () => {
    expect({ ...new Message({ data: [1], event: 'trade', id: '42', retry: 500 }) }).to.deep.equal({
      data: [1],
      event: 'trade',
      id: '42',
      retry: 500,
    });
    const { event, id, retry } = new Message({ data: 1 });
    expect([event, id, retry]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('should be immutable, because it is encoded once and shared', () => {
    const message = new Message({ data: 1 }) as { data: number; added?: number };
    expect(() => {
      message.data = 2;
    }).to.throw(TypeError);
    expect(() => {
      message.added = 2;
    }).to.throw(TypeError);
  });

  it('should take any data, null and undefined too', () => {
    for (const data of [null, undefined, '', 0, false, Symbol.iterator]) {
      expect(new Message({ data }).data).to.equal(data);
    }
  });

  it('should refuse what has no data, with how to write it', () => {
    for (const wrong of [undefined, null, 'text', {}, { event: 'a' }]) expect(field(wrong as object)).to.equal('data');
    expect(thrown(() => new Message({} as { data: 1 })).message).to.include('new Message({ data })');
  });

  describe('event', () => {
    it('should refuse line ends and NUL, which would forge or void a field', () => {
      for (const event of ['a\nb', 'a\rb', 'a\r\ndata: forged', '\0', 'a\0b', '\n']) {
        expect(field({ data: 1, event })).to.equal('event');
      }
    });

    it('should refuse what is no name: empty, a lone surrogate, another type', () => {
      for (const event of ['', '\ud800', 'a\udfffb', 7, null, {}, ['a']])
        expect(field({ data: 1, event })).to.equal('event');
    });

    it('should refuse the names that the library uses, and take those that only look like them', () => {
      for (const event of ['gap', 'position', 'end']) expect(field({ data: 1, event })).to.equal('event');
      for (const event of ['Gap', 'end ', ' end', 'ends', 'é', '😀', '\u2028', 'a:b', ':'])
        expect(new Message({ data: 1, event }).event).to.equal(event);
    });
  });

  describe('id', () => {
    it('should take 1 to 128 of the unreserved characters', () => {
      for (const id of ['0', 'AZaz09._~-', 'x'.repeat(128)]) expect(new Message({ data: 1, id }).id).to.equal(id);
    });

    it('should refuse every other character, and every other length and type', () => {
      for (const id of ['', 'x'.repeat(129), 7, null, ['a']]) expect(field({ data: 1, id })).to.equal('id');
      fc.assert(
        fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (one) => {
          const id = `a${one}b`;
          if (/[A-Za-z0-9._~-]/.test(one)) expect(new Message({ data: 1, id }).id).to.equal(id);
          else expect(field({ data: 1, id })).to.equal('id');
        }),
      );
      // A `$` in a pattern without the `m` flag would still let this one through in some languages.
      expect(field({ data: 1, id: 'a\n' })).to.equal('id');
    });
  });

  describe('retry', () => {
    it('should take integers of milliseconds from 100', () => {
      for (const retry of [100, 3000, 2 ** 31 - 1]) expect(new Message({ data: 1, retry }).retry).to.equal(retry);
    });

    it('should refuse what would make clients reconnect in a loop, or is no integer', () => {
      for (const retry of [0, 99, -100, 100.5, Number.NaN, Number.POSITIVE_INFINITY, '500', null])
        expect(field({ data: 1, retry })).to.equal('retry');
    });

    it('should refuse more than a timer can wait, which Node clients turn into a wait of 1 ms', () => {
      for (const retry of [2 ** 31, Number.MAX_SAFE_INTEGER]) expect(field({ data: 1, retry })).to.equal('retry');
    });
  });

  it('should say what was expected and what came', () => {
    const error = thrown(() => new Message({ data: 1, id: 'a b' }));
    expect(error).to.be.instanceOf(TornadoseError);
    expect(error.message).to.match(
      /^Expected a message's `id` to be a string of 1 to 128 of .*, got `"a b"` \(string\)$/,
    );
    expect([error.field, error.received]).to.deep.equal(['id', 'a b']);
  });
});

describe('Gap', () => {
  it('should be a message with the event name gap, its reason and perhaps an id to go on from', () => {
    const gap = new Gap({ reason: 'trimmed', log: 'prices', from: '7' }, '12');
    expect(gap).to.be.instanceOf(Message);
    expect({ ...gap }).to.deep.equal({
      data: { reason: 'trimmed', log: 'prices', from: '7' },
      event: 'gap',
      id: '12',
      retry: undefined,
    });
    expect(new Gap({ reason: 'disconnected' }).id).to.equal(undefined);
  });

  it('should be the one notice', () => {
    expect(isNotice(new Gap({ reason: 'expired' }))).to.equal(true);
    for (const value of [new Message({ data: 1 }), { event: 'gap' }, 'gap', undefined, null])
      expect(isNotice(value)).to.equal(false);
  });
});

describe('dataOf and withData', () => {
  it('should look through messages, and take plain values as they are', () => {
    expect(dataOf(new Message({ data: 7, event: 'a' }))).to.equal(7);
    for (const value of [7, undefined, null, { data: 8 }]) expect(dataOf(value)).to.equal(value);
  });

  it('should keep event, id and retry, and change neither the message nor a plain value', () => {
    const message = new Message({ data: 1, event: 'a', id: 'b', retry: 100 });
    expect(withData(message, 2)).to.deep.equal(new Message({ data: 2, event: 'a', id: 'b', retry: 100 }));
    expect(message.data).to.equal(1);
    expect(withData({ n: 1 }, { n: 2 })).to.deep.equal({ n: 2 });
  });
});
