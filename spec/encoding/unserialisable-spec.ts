import { expect } from 'chai';
import { map } from 'rxjs';
import { DataStore, type ErrorReport, Message, QueueStore, TornadoseError } from 'tornadose';
import { eventStream } from '../../src/encoding/eventStream.ts';
import { webSocketText } from '../../src/encoding/webSocketText.ts';
import { reported } from '../support/channels.ts';
import { allLeave, clients, countingEncoder, join } from '../support/clients.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { refusal, unsendable } from '../wire/unsendable.ts';

const refuses = unsendable['a toJSON that throws'];

describe('a value that cannot be sent', () => {
  let store: QueueStore<unknown>;
  beforeEach(() => {
    store = new QueueStore();
  });
  afterEach(allLeave);

  for (const [name, value] of Object.entries(unsendable)) {
    for (const encoder of [eventStream(), webSocketText()]) {
      it(`should be skipped, and reported once for all clients: ${name} (${encoder.name})`, async () => {
        const all = clients(store, 10, encoder);
        const reports = await reported<ErrorReport>('error', async () => {
          for (const each of ['before', value, 'after']) store.next(each);
          await endOfTick();
        });
        for (const { text, events } of all) {
          expect(text).to.equal(['before', 'after'].map((data) => encoder.encode({ data })).join(''));
          expect(events).to.deep.equal([
            { type: 'open' },
            { type: 'drop', reason: 'unserialisable', count: 1, bytes: 0 },
          ]);
        }
        expect(reports).to.have.length(1);
        expect(reports[0]?.during).to.equal('encode');
        expect(TornadoseError.is(reports[0]?.error, 'ERR_UNSERIALISABLE')).to.equal(true);
      });
    }
  }

  it('should never go out as the text "undefined", also with an encoder that does not look', async () => {
    const [client] = clients(store, 1, countingEncoder());
    for (const each of ['before', undefined, () => {}, Symbol('s'), new Message({ data: undefined }), 'after'])
      store.next(each);
    await endOfTick();
    expect(client?.text).to.equal('"before"\n"after"\n');
  });

  it('should be reported once when all clients’ operators make the same of it', async () => {
    const missing = (): undefined => undefined;
    clients(store, 10, eventStream(), () => (source) => source.pipe(map(missing)));
    const reports = await reported('error', async () => {
      store.next({});
      await endOfTick();
    });
    expect(reports).to.have.length(1);
  });

  it('should be reported once for clients of several encoders', async () => {
    for (const store of [new QueueStore<unknown>(), new DataStore<unknown>()]) {
      for (const encoder of [eventStream(), webSocketText()]) join(store, encoder);
      for (const value of Object.values(unsendable))
        expect(await reported('error', () => store.next(value))).to.have.length(1);
    }
  });

  it('should be reported again when it is published again', async () => {
    clients(store, 2, eventStream());
    const reports = await reported('error', () => {
      for (const each of [7n, 7n, refuses, refuses]) store.next(each);
    });
    expect(reports).to.have.length(4);
  });

  it('should be reported as it came, with the cause', async () => {
    join(store, eventStream());
    const reports = await reported<ErrorReport>('error', () => store.next(refuses));
    expect(reports).to.have.length(1);
    for (const { error } of reports) {
      if (!TornadoseError.is(error, 'ERR_UNSERIALISABLE')) throw error;
      expect(error.cause).to.equal(refusal);
      expect(error.received).to.equal(refuses);
      expect(error.message).to.include(refusal.message);
    }
  });

  it('should be skipped, and not end the client, when it cannot even be looked at', async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const client = join(store, eventStream());
    store.next(revoked.proxy);
    store.next('after');
    await endOfTick();
    expect(client.text).to.equal('data: after\n\n');
    expect(client.events.map(({ type }) => type)).to.deep.equal(['open', 'drop']);
  });
});
