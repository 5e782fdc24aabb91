import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { filter, map, of, Subject } from 'rxjs';
import { DataStore, Message, mapData, QueueStore, toResponse } from 'tornadose';
import { allLeave, clients, countingEncoder, join } from '../support/clients.ts';
import { endOfTick } from '../support/endOfTick.ts';

describe('encodeOnce', () => {
  let encoder: ReturnType<typeof countingEncoder>;
  beforeEach(() => {
    encoder = countingEncoder();
  });
  afterEach(allLeave);

  describe('from a store', () => {
    it('should encode a value once for all clients, with any number of filters between', async () => {
      const store = new QueueStore<{ n: number }>();
      const all = clients(store, 100, encoder, (index) => (source) => {
        let filtered = source;
        for (let i = 0; i < index % 5; i += 1) filtered = filtered.pipe(filter(({ n }) => n !== index));
        return filtered;
      });
      for (let n = 0; n < 10; n += 1) store.next({ n });
      await endOfTick();
      expect(encoder.count).to.equal(10);
      expect(all[7]?.text).to.equal([0, 1, 2, 3, 4, 5, 6, 8, 9].map((n) => `{"n":${n}}\n`).join(''));
    });

    it('should encode each kind of value once, those too that are not equal to themselves', async () => {
      const values = [{}, 'text', 7, true, null, Number.NaN, new Message({ data: 'm' })];
      const store = new QueueStore<unknown>();
      clients(store, 10, encoder);
      for (const value of values) store.next(value);
      await endOfTick();
      expect(encoder.count).to.equal(values.length);
    });

    it('should encode a message that no constructor has made, too', async () => {
      const message: Message = Object.assign(Object.create(Message.prototype), { data: 'made' });
      const store = new QueueStore<Message>();
      const all = clients(store, 2, encoder);
      store.next(message);
      await endOfTick();
      expect(all.map(({ text }) => text)).to.deep.equal(['"made"\n', '"made"\n']);
    });

    it('should share what it encoded with those who join later', async () => {
      const store = new DataStore({ n: 1 });
      clients(store, 3, encoder);
      const late = [join(store, encoder), join(store, encoder)];
      await endOfTick();
      expect(encoder.count).to.equal(1);
      store.next({ n: 2 });
      late.push(join(store, encoder));
      await endOfTick();
      expect(encoder.count).to.equal(2);
      expect(late.map(({ text }) => text)).to.deep.equal(['{"n":1}\n{"n":2}\n', '{"n":1}\n{"n":2}\n', '{"n":2}\n']);
    });

    it('should encode an object again that was changed and published again', async () => {
      const store = new DataStore<{ n: number }>();
      const all = clients(store, 3, encoder);
      const value = { n: 1 };
      store.next(value);
      value.n = 2;
      store.next(value);
      await endOfTick();
      expect(encoder.count).to.equal(2);
      for (const { text } of all) expect(text).to.equal('{"n":1}\n{"n":2}\n');
    });

    it('should call a serializer once for all who have it', async () => {
      const counts = [0, 0];
      const serializers = counts.map((_, index) => (data: unknown) => {
        counts[index] = (counts[index] ?? 0) + 1;
        return JSON.stringify(data);
      });
      const store = new QueueStore<object>();
      const responses = Array.from({ length: 10 }, (_, index) =>
        toResponse(store, { method: 'GET' }, { serialize: serializers[index % 2] }),
      );
      store.next({});
      await endOfTick();
      expect(counts).to.deep.equal([1, 1]);
      for (const { body } of responses) await body?.cancel();
    });

    it('should not keep the encoders of clients that have left', async () => {
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc') as () => void;
      const store = new DataStore({ n: 1 });
      const serializers: WeakRef<object>[] = [];
      for (let i = 0; i < 20; i += 1) {
        const serialize = (data: object): string => `${i}${JSON.stringify(data)}`;
        serializers.push(new WeakRef(serialize));
        await toResponse(store, { method: 'GET' }, { serialize }).body?.cancel();
      }
      // What a WeakRef was made of, or asked for, lives until the end of the turn.
      await endOfTick();
      gc();
      expect(serializers.filter((each) => each.deref() !== undefined).length).to.be.lessThan(10);
      // The store must still be there, or all of the above would be gone with it.
      expect(store.data).to.deep.equal({ n: 1 });
    });
  });

  describe('from operators of each client', () => {
    it('should encode equal texts and numbers once', async () => {
      const store = new QueueStore<number>();
      const texts = clients(store, 10, encoder, () => (source) => source.pipe(map((x) => x.toFixed(1))));
      const numbers = clients(store, 10, encoder, () => (source) => source.pipe(map((x) => x * 2)));
      store.next(1.25);
      await endOfTick();
      expect(encoder.count).to.equal(2);
      for (const { text } of texts) expect(text).to.equal('"1.3"\n');
      for (const { text } of numbers) expect(text).to.equal('2.5\n');
    });

    it('should not take a text for a number, nor one client’s text for another’s', async () => {
      const store = new QueueStore<number>();
      const all = clients(
        store,
        6,
        encoder,
        (index) => (source) =>
          source.pipe(map((x) => (index % 3 === 0 ? x : index % 3 === 1 ? `${x}` : `${x}-${index}`))),
      );
      store.next(1);
      await endOfTick();
      expect(all.map(({ text }) => text)).to.deep.equal(['1\n', '"1"\n', '"1-2"\n', '1\n', '"1"\n', '"1-5"\n']);
    });

    it('should never share an object, also one that an operator fills for client after client', async () => {
      const store = new DataStore<{ n: number }>({ n: 0 });
      const scratch = { token: '' };
      const personal = (index: number) => () => {
        scratch.token = `token of ${index}`;
        return scratch;
      };
      const all = clients(store, 5, encoder, (index) => (source) => source.pipe(map(personal(index))));
      store.next({ n: 1 });
      const late = join(store.pipe(map(personal(5))), encoder);
      await endOfTick();
      for (const [index, { text }] of all.entries()) expect(text).to.equal(`{"token":"token of ${index}"}\n`.repeat(2));
      expect(late.text).to.equal('{"token":"token of 5"}\n');
    });

    it('should never share a message that one client’s operators made', async () => {
      const store = new QueueStore<Message<{ n: number }>>();
      const all = clients(
        store,
        3,
        encoder,
        (index) => (source) => source.pipe(mapData((data: object) => ({ ...data, token: index }))),
      );
      store.next(new Message({ data: { n: 1 } }));
      await endOfTick();
      expect(all.map(({ text }) => text)).to.deep.equal([0, 1, 2].map((i) => `{"n":1,"token":${i}}\n`));
    });
  });

  describe('from elsewhere', () => {
    it('should encode a message once, whichever way it comes', async () => {
      const message = new Message({ data: { n: 1 } });
      const subject = new Subject<Message>();
      clients(subject, 5, encoder);
      subject.next(message);
      of(message).subscribe(subject);
      join(of(message), encoder);
      await endOfTick();
      expect(encoder.count).to.equal(1);
    });

    it('should encode a plain object for each client, as nobody says when it changes', async () => {
      const subject = new Subject<{ n: number }>();
      const all = clients(subject, 2, encoder);
      const value = { n: 1 };
      subject.next(value);
      value.n = 2;
      subject.next(value);
      await endOfTick();
      expect(encoder.count).to.equal(4);
      for (const { text } of all) expect(text).to.equal('{"n":1}\n{"n":2}\n');
    });
  });

  it('should keep stores apart, one of which is fed from within the other’s delivery', async () => {
    const [outer, inner] = [new QueueStore<{ n: number }>(), new QueueStore<{ n: number }>()];
    const before = clients(outer, 2, encoder);
    outer.pipe(map(({ n }) => ({ n: n * 10 }))).subscribe(inner);
    const after = clients(outer, 2, encoder);
    const nested = clients(inner, 3, encoder);
    for (const n of [1, 2]) outer.next({ n });
    await endOfTick();
    for (const { text } of [...before, ...after]) expect(text).to.equal('{"n":1}\n{"n":2}\n');
    for (const { text } of nested) expect(text).to.equal('{"n":10}\n{"n":20}\n');
    expect(encoder.count).to.equal(4);
  });

  it('should encode an object again for a store that passes it on, changed, within the other’s delivery', async () => {
    const [outer, inner] = [new QueueStore<{ n: number }>(), new QueueStore<{ n: number }>()];
    const nested = clients(inner, 2, encoder);
    outer.subscribe((value) => {
      inner.next(value);
      value.n += 1;
      inner.next(value);
    });
    outer.next({ n: 1 });
    await endOfTick();
    for (const { text } of nested) expect(text).to.equal('{"n":1}\n{"n":2}\n');
  });
});
