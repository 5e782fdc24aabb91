import { expect } from 'chai';
import sinon from 'sinon';
import {
  type ConnectionReport,
  combineLogs,
  type ErrorReport,
  type GapReport,
  Message,
  QueueStore,
  type ResumeReport,
  toSink,
} from 'tornadose';
import { listen, reportConnection, reportDrop, reportError, warnUnwatched } from '../src/diagnostics.ts';
import { reported, warnings } from './support/channels.ts';
import { endOfTick } from './support/endOfTick.ts';
import { FakeTransport } from './support/FakeTransport.ts';
import { allLogClientsLeave, LogClient, lines } from './support/LogClient.ts';

describe('diagnostics', () => {
  it('should publish on its own channels', async () => {
    const error = new Error('no');
    const event = { type: 'open' };
    expect(await reported<ErrorReport>('error', () => reportError('encode', error))).to.deep.equal([
      { error, during: 'encode' },
    ]);
    expect(await reported('connection', () => reportConnection('websocket', event))).to.deep.equal([
      { sink: 'websocket', event },
    ]);
    expect(await reported('drop', () => reportDrop('websocket', event))).to.deep.equal([{ sink: 'websocket', event }]);
  });

  it('should do nothing when nobody listens', () => {
    expect(() => reportError('encode', new Error('no'))).to.not.throw();
  });

  it('should be heard until the end, twice where one listens twice', () => {
    const heard = sinon.spy();
    const ends = [listen('error', heard), listen('error', heard)];
    reportError('encode', 1);
    expect(heard.callCount).to.equal(2);
    ends[0]?.();
    ends[0]?.();
    reportError('encode', 2);
    expect(heard.callCount).to.equal(3);
    ends[1]?.();
    reportError('encode', 3);
    expect(heard.callCount).to.equal(3);
  });

  it('should warn of an error object once, however many clients it ended', async () => {
    const error = new Error('the database is gone');
    const seen = await warnings(() => {
      for (let i = 0; i < 100; i += 1) warnUnwatched(error);
    });
    expect(seen).to.have.length(1);
    expect(seen[0]?.message).to.include('nobody was told').and.include('the database is gone');
    expect(seen[0]?.message).to.include('diagnostics-spec');
  });

  it('should warn of errors that are no objects too', async () => {
    const seen = await warnings(() => {
      warnUnwatched('just a text');
      warnUnwatched(undefined);
      warnUnwatched(null);
    });
    expect(seen.map((warning) => warning.message.split('. ').at(-1))).to.deep.equal([
      'just a text',
      'undefined',
      'null',
    ]);
  });
});

describe('tornadose:connection', () => {
  it('should tell of each connection that it opened, and once that it closed', async () => {
    const transport = new FakeTransport();
    const reports = await reported<ConnectionReport>('connection', () => {
      new QueueStore().pipe(toSink(transport, lines));
      transport.leave();
      transport.leave();
    });
    expect(reports).to.deep.equal([
      { sink: 'lines', event: { type: 'open' } },
      { sink: 'lines', event: { type: 'close', reason: 'client' } },
    ]);
  });
});

describe('tornadose:resume', () => {
  afterEach(allLogClientsLeave);

  const resumes = (act: () => unknown): Promise<ResumeReport[]> => reported('resume', act);
  /** A log, and the position of a client that has seen what was in it. */
  const seen = async (store: QueueStore<number>): Promise<string> => {
    const client = new LogClient(store.since());
    store.next(1);
    await endOfTick();
    client.leave();
    return client.lastId as string;
  };

  it('should tell whether the position that a client came with was honoured, and why not', async () => {
    const store = new QueueStore<number>({ history: { size: 1 } });
    const position = await seen(store);
    expect(await resumes(() => new LogClient(store.since(position)))).to.deep.equal([
      { recovered: true, reason: undefined, log: undefined },
    ]);
    for (let n = 2; n < 5; n += 1) store.next(n);
    const spoilt = { trimmed: position, malformed: 'no position', 'unknown-epoch': await seen(new QueueStore()) };
    for (const [reason, came] of Object.entries(spoilt))
      expect(await resumes(() => new LogClient(store.since(came)))).to.deep.equal([
        { recovered: false, reason, log: undefined },
      ]);
  });

  it('should say nothing of a newcomer', async () => {
    const store = new QueueStore<number>();
    const reports = await resumes(() => {
      new LogClient(store.since());
      new LogClient(store.since(''));
      new LogClient(store.since(undefined, { otherwise: 'earliest' }));
      new LogClient(combineLogs({ store }).since());
    });
    expect(reports).to.deep.equal([]);
  });

  it('should tell of each log of a combination once', async () => {
    const [a, b, c] = [new QueueStore<number>(), new QueueStore<number>({ history: { size: 1 } }), new QueueStore()];
    const client = new LogClient(combineLogs({ a, b }).since());
    for (const store of [a, b, c]) store.next(1);
    await endOfTick();
    client.leave();
    for (let n = 0; n < 3; n += 1) b.next(n);
    const all = combineLogs({ a, b, c });
    const back = await resumes(async () => {
      new LogClient(all.since(client.lastId));
      await endOfTick();
    });
    expect(back).to.have.deep.members([
      { recovered: true, reason: undefined, log: undefined },
      { recovered: false, reason: 'trimmed', log: undefined },
      { recovered: false, reason: 'unknown-epoch', log: 'c' },
    ]);
    expect(await resumes(() => new LogClient(all.since('no position')))).to.deep.equal([
      { recovered: false, reason: 'malformed', log: undefined },
    ]);
  });
});

describe('tornadose:gap', () => {
  afterEach(allLogClientsLeave);

  it('should tell when what is retained has passed a slow client by', async () => {
    const store = new QueueStore<Message<string>>({ history: { size: 2 } });
    const slow = new LogClient(store.since());
    await endOfTick();
    slow.transport.takes = false;
    const reports = await reported<GapReport>('gap', async () => {
      for (let n = 0; n < 5; n += 1) {
        store.next(new Message({ data: 'x'.repeat(100_000) }));
        await endOfTick();
      }
      slow.transport.drain();
      // It is told in the tick after that in which it can take more.
      await endOfTick();
      await endOfTick();
    });
    expect(slow.gaps).to.deep.equal(['too-far-behind']);
    expect(reports).to.deep.equal([{ reason: 'too-far-behind', scope: 'client', log: undefined }]);
  });
});
