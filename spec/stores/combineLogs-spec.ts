import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { map, NEVER, of, take, tap, throwError } from 'rxjs';
import sinon from 'sinon';
import {
  combineLogs,
  type ErrorReport,
  filterData,
  Gap,
  type Log,
  lastEventId,
  Message,
  QueueStore,
  toEventSource,
} from 'tornadose';
import { until } from '../redis/support/until.ts';
import { reported } from '../support/channels.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { allLogClientsLeave, type Line, LogClient } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';
import { closeLater, closeServers, serve } from '../support/servers.ts';
import { thrown } from '../support/thrown.ts';

/** Two logs, and what is together. */
function pricesAndNews(history = {}) {
  const prices = new QueueStore<number>({ history });
  const news = new QueueStore<string>({ history });
  return { prices, news, both: combineLogs({ prices, news }) };
}

/** A log of one message, as somebody else's may be. */
const logOf = <T>(data: T, id: string): Log<T> => ({
  since: () => of(new Message({ data, id })) as ReturnType<Log<T>['since']>,
});

/** What each event brought, notices too, without the positions. */
const brought = (received: readonly Line[]): [string | undefined, unknown][] =>
  received.filter(({ event }) => event !== 'position').map(({ event, data }) => [event, data]);

/** The data of the messages with this name. */
const named = (client: LogClient | undefined, name: string): unknown[] =>
  (client?.received ?? []).filter(({ event }) => event === name).map(({ data }) => data);

describe('combineLogs', () => {
  afterEach(async () => {
    allLogClientsLeave();
    await closeServers();
  });

  it('should give what comes in any of the logs as an event of its name, with an id', async () => {
    const { prices, news, both } = pricesAndNews();
    const one = new LogClient(both.since());
    prices.next(1);
    news.next('a');
    prices.next(2);
    await endOfTick();
    expect(brought(one.received)).to.deep.equal([
      ['prices', 1],
      ['news', 'a'],
      ['prices', 2],
    ]);
    expect(new Set(one.received.map(({ id }) => id)).size).to.equal(4);
  });

  it('should keep the retry of a message, and give it the name of its log', async () => {
    const trades = new QueueStore<Message<number>>();
    const one = new LogClient(combineLogs({ trades }).since());
    trades.next(new Message({ data: 1, event: 'trade', retry: 500, id: 'mine' }));
    await endOfTick();
    expect(one.received.at(-1)).to.deep.include({ data: 1, event: 'trades', retry: 500 });
    expect(one.lastId).not.to.equal('mine');
  });

  it('should give a client that comes back what it missed in each log, and then what comes', async () => {
    const { prices, news, both } = pricesAndNews();
    const first = new LogClient(both.since());
    prices.next(1);
    news.next('a');
    await endOfTick();
    first.leave();
    prices.next(2);
    news.next('b');
    news.next('c');
    const second = new LogClient(both.since(first.lastId));
    prices.next(3);
    await endOfTick();
    news.next('d');
    await endOfTick();
    expect(named(second, 'prices')).to.deep.equal([2, 3]);
    expect(named(second, 'news')).to.deep.equal(['b', 'c', 'd']);
    expect(second.received).to.have.length(5);
  });

  it('should give a client that was cut before its first message a position in all logs', async () => {
    const { prices, news, both } = pricesAndNews();
    prices.next(1);
    const first = new LogClient(both.since());
    await endOfTick();
    expect(first.received).to.deep.equal([{ data: '', event: 'position', id: first.lastId }]);
    first.leave();
    prices.next(2);
    news.next('a');
    const second = new LogClient(both.since(first.lastId));
    await endOfTick();
    expect(brought(second.received)).to.deep.equal([
      ['news', 'a'],
      ['prices', 2],
    ]);
  });

  it('should begin with what is retained in each log where it is told to, and go on from every id on the way', async () => {
    const { prices, news, both } = pricesAndNews();
    for (const n of numbers(1, 5)) prices.next(n);
    for (const text of ['a', 'b', 'c']) news.next(text);
    const newcomer = new LogClient(both.since(undefined, { otherwise: 'earliest' }));
    await endOfTick();
    expect(named(newcomer, 'prices')).to.deep.equal([1, 2, 3, 4, 5]);
    expect(named(newcomer, 'news')).to.deep.equal(['a', 'b', 'c']);
    for (const [index, { id }] of newcomer.received.entries()) {
      const back = new LogClient(both.since(id));
      await endOfTick();
      expect(brought(back.received), `after ${index}`).to.have.deep.members(
        brought(newcomer.received.slice(index + 1)),
      );
    }
  });

  it('should have a browser’s EventSource resume all of them, however often it is cut', async () => {
    const { prices, news, both } = pricesAndNews();
    const requests: (string | undefined)[] = [];
    const { url } = await serve((req, res) => {
      requests.push(lastEventId(req));
      void both.since(lastEventId(req)).pipe(
        // Cut when half of what came is on its way.
        tap(({ data }) => {
          if (typeof data === 'number' && data % 10 === 5) setImmediate(() => res.destroy());
        }),
        toEventSource(res, { retry: 100 }),
      );
    });
    const page = new EventSource(url);
    closeLater(() => page.close());
    await new Promise((resolve) => page.addEventListener('open', resolve, { once: true }));
    const got: Record<'prices' | 'news' | 'gap', string[]> = { prices: [], news: [], gap: [] };
    const all = new Promise<void>((resolve) => {
      for (const name of ['prices', 'news', 'gap'] as const) {
        page.addEventListener(name, ({ data }) => {
          got[name].push(data);
          if (got.prices.length >= 30 && got.news.length >= 30) resolve();
        });
      }
    });
    for (const n of numbers(1, 30)) {
      prices.next(n);
      news.next(`n${n}`);
      await endOfTick();
    }
    await all;
    expect(got).to.deep.equal({
      prices: numbers(1, 30).map(String),
      news: numbers(1, 30).map((n) => `n${n}`),
      gap: [],
    });
    expect(requests.length).to.be.greaterThan(1);
    expect(requests.slice(1).every((position) => /^[\w.~-]{1,128}$/.test(position ?? ''))).to.equal(true);
  });

  describe('a combination that has changed', () => {
    it('should begin a log that is new with a gap of its own, and go on in the others', async () => {
      for (const otherwise of ['live', 'earliest'] as const) {
        const { prices, news, both } = pricesAndNews();
        const weather = new QueueStore<string>();
        const first = new LogClient(both.since());
        prices.next(1);
        await endOfTick();
        news.next('a');
        weather.next('rain');
        const more = combineLogs({ prices, weather, news });
        const back = new LogClient(more.since(first.lastId, { otherwise }));
        weather.next('sun');
        await endOfTick();
        const [gap, ...rest] = back.received;
        expect(gap).to.deep.include({ event: 'gap', data: { reason: 'unknown-epoch', log: 'weather' } });
        expect(named(back, 'news')).to.deep.equal(['a']);
        expect(named(back, 'weather')).to.deep.equal(otherwise === 'live' ? ['sun'] : ['rain', 'sun']);
        expect(rest.some(({ event }) => event === 'gap')).to.equal(false);
        const again = new LogClient(more.since(gap?.id, { otherwise }));
        await endOfTick();
        expect(brought(again.received), 'from the gap on').to.have.deep.members(brought(rest));
      }
    });

    it('should ignore a log that is not there any more, and the order in which they are written', async () => {
      const { prices, news, both } = pricesAndNews();
      const first = new LogClient(both.since());
      await endOfTick();
      const { lastId } = first;
      prices.next(1);
      news.next('a');
      const fewer = new LogClient(combineLogs({ news }).since(lastId));
      const other = new LogClient(combineLogs({ news, prices }).since(lastId));
      await endOfTick();
      expect(brought(fewer.received)).to.deep.equal([['news', 'a']]);
      expect(named(other, 'prices')).to.deep.equal([1]);
      expect(named(other, 'gap')).to.deep.equal([]);
    });

    it('should take a renamed log for a new one', async () => {
      const { prices, news, both } = pricesAndNews();
      const first = new LogClient(both.since());
      await endOfTick();
      prices.next(1);
      news.next('a');
      const back = new LogClient(combineLogs({ prices, headlines: news }).since(first.lastId));
      await endOfTick();
      expect(brought(back.received)).to.deep.equal([
        ['gap', { reason: 'unknown-epoch', log: 'headlines' }],
        ['prices', 1],
      ]);
    });

    it('should tell logs apart whose names have the same tag', async () => {
      const tags = new Map<string, string>();
      let pair: [string, string] | undefined;
      for (let n = 0; pair === undefined; n += 1) {
        const one = new LogClient(combineLogs({ [`log${n}`]: logOf(1, 'x') }).since());
        await endOfTick();
        const tag = (one.lastId as string).slice(0, 2);
        const other = tags.get(tag);
        if (other !== undefined) pair = [other, `log${n}`];
        tags.set(tag, `log${n}`);
      }
      const [a, b] = [new QueueStore<number>(), new QueueStore<number>()];
      const both = combineLogs({ [pair[0]]: a, [pair[1]]: b });
      const first = new LogClient(both.since());
      await endOfTick();
      const position = first.lastId;
      a.next(1);
      b.next(2);
      const back = new LogClient(both.since(position));
      await endOfTick();
      expect(back.received.map(({ data }) => data)).to.have.members([1, 2]);
      // Each alone is a combination of its own, and one's place is never taken for the other's.
      for (const name of pair) {
        const alone = new LogClient(combineLogs({ [name]: name === pair[0] ? a : b }).since(position));
        await endOfTick();
        const [line] = brought(alone.received);
        expect(line?.[0] === 'gap' || line?.[1] === (name === pair[0] ? 1 : 2)).to.equal(true);
      }
    });
  });

  describe('a position that cannot be honoured', () => {
    it('should be answered with one gap first when it is none of a combination, and each log begins anew', async () => {
      const tooMany = numbers(1, 9).map((n) => `a${n}x`);
      const positions = [
        '~malformed',
        'nonsense',
        '~',
        'ab~',
        'abc',
        'a!c~',
        'abc~abd~',
        `${'x'.repeat(128)}~`,
        `${tooMany.join('~')}~`,
      ];
      for (const otherwise of ['live', 'earliest'] as const) {
        for (const position of positions) {
          const { prices, news, both } = pricesAndNews();
          prices.next(1);
          news.next('a');
          const back = new LogClient(both.since(position, { otherwise }));
          prices.next(2);
          await endOfTick();
          const [gap, ...rest] = back.received;
          expect(gap, position).to.deep.include({ event: 'gap', data: { reason: 'malformed' } });
          expect(rest.filter(({ event }) => event === 'gap' || event === 'position')).to.deep.equal([]);
          expect(named(back, 'prices')).to.deep.equal(otherwise === 'live' ? [2] : [1, 2]);
          expect(named(back, 'news')).to.deep.equal(otherwise === 'live' ? [] : ['a']);
          const again = new LogClient(both.since(gap?.id));
          await endOfTick();
          expect(brought(again.received)).to.have.deep.members(brought(rest));
        }
      }
    });

    it('should be told of the log alone that cannot honour it, with a position of the combination', async () => {
      const { prices, news, both } = pricesAndNews({ size: 3 });
      const first = new LogClient(both.since());
      prices.next(1);
      news.next('a');
      await endOfTick();
      for (const n of numbers(2, 10)) prices.next(n);
      news.next('b');
      const back = new LogClient(both.since(first.lastId, { otherwise: 'earliest' }));
      await endOfTick();
      const gap = back.received.find(({ event }) => event === 'gap');
      expect(gap?.data).to.deep.include({ reason: 'trimmed', log: 'prices' });
      const from = (gap?.data as { from?: string } | undefined)?.from;
      expect(named(back, 'news')).to.deep.equal(['b']);
      expect(named(back, 'prices')).to.deep.equal([8, 9, 10]);
      const again = new LogClient(both.since(from));
      await endOfTick();
      expect(named(again, 'gap'), 'what it came back with is a position').to.have.length(1);
      expect(named(again, 'gap')[0]).to.deep.include({ reason: 'trimmed', log: 'prices' });
    });

    it('should be told of a log that was replaced, as after a restart, and of no other', async () => {
      const { prices, both } = pricesAndNews();
      const first = new LogClient(both.since());
      await endOfTick();
      const news = new QueueStore<string>();
      news.next('after the restart');
      const back = new LogClient(combineLogs({ prices, news }).since(first.lastId, { otherwise: 'earliest' }));
      await endOfTick();
      expect(brought(back.received)[0]?.[1]).to.deep.include({ reason: 'unknown-epoch', log: 'news' });
      expect(named(back, 'gap')).to.have.length(1);
      expect(named(back, 'news')).to.deep.equal(['after the restart']);
    });
  });

  describe('the size of a position', () => {
    const names = ['prices', 'news', 'weather', 'orders', 'chat', 'alerts', 'votes', 'traffic'];
    const combined = (id: (index: number) => string) =>
      combineLogs(Object.fromEntries(names.map((name, index) => [name, logOf(index, id(index))])));

    it('should fit into 128 characters for 8 logs with ids of 13', async () => {
      const one = new LogClient(combined((index) => `${index}`.padEnd(13, 'z')).since());
      await endOfTick();
      expect(one.received).to.have.length(8);
      expect(one.lastId).to.have.length(128);
      const back: (string | undefined)[] = [];
      const spies = Object.fromEntries(
        names.map((name) => [
          name,
          {
            since: (position?: string) => {
              back.push(position);
              return NEVER;
            },
          },
        ]),
      );
      new LogClient(combineLogs(spies).since(one.lastId));
      expect(back.sort()).to.deep.equal(numbers(0, 7).map((index) => `${index}`.padEnd(13, 'z')));
    });

    it('should leave out the longest id where they do not fit, and say so once, so that there is a gap and no silent hole', async () => {
      const reports = await reported<ErrorReport>('error', async () => {
        const one = new LogClient(
          combined((index) => (index === 4 ? 'y'.repeat(60) : `${index}`.padEnd(13, 'z'))).since(),
        );
        await endOfTick();
        expect(one.received).to.have.length(8);
        expect(one.lastId?.length).to.equal(112);
        const back = new LogClient(combined((index) => `${index}`.padEnd(13, 'z')).since(one.lastId));
        await endOfTick();
        expect(named(back, 'gap')).to.deep.equal([{ reason: 'unknown-epoch', log: 'chat' }]);
      });
      expect(reports).to.have.length(1);
      expect(reports[0]?.error).to.include({ code: 'ERR_INVALID_MESSAGE', field: 'id' });
    });

    it('should leave out what cannot be part of an id', async () => {
      const { prices } = pricesAndNews();
      const both = combineLogs({ prices, odd: logOf('x', 'a~b') });
      const one = new LogClient(both.since());
      await endOfTick();
      expect(named(one, 'odd')).to.deep.equal(['x']);
      prices.next(1);
      const back = new LogClient(both.since(one.lastId));
      await endOfTick();
      expect(brought(back.received)).to.have.deep.members([
        ['gap', { reason: 'unknown-epoch', log: 'odd' }],
        ['odd', 'x'],
        ['prices', 1],
      ]);
    });
  });

  it('should serialise a message once, for all who follow and for all who come back together', async () => {
    const { both, prices } = pricesAndNews();
    const trades = new QueueStore<{ toJSON(): number }>();
    const all = combineLogs({ trades, prices });
    let serialised = 0;
    const trade = (n: number) => ({
      toJSON() {
        serialised += 1;
        return n;
      },
    });
    const connect = (position?: string) => numbers(1, 50).map(() => new LogClient(all.since(position)));
    const live = connect();
    await endOfTick();
    const position = live[0]?.lastId;
    trades.next(trade(1));
    prices.next(1);
    trades.next(trade(2));
    await endOfTick();
    // Once for the history, and once for the clients.
    expect(serialised).to.equal(4);
    expect(live.every((each) => each.received.length === 4)).to.equal(true);
    expect(named(live[0], 'trades')).to.deep.equal([1, 2]);
    const frames = live.map(({ transport }) => transport.written.join(''));
    expect(new Set(frames).size).to.equal(1);
    // On a busy machine they would be served in turns, in each of which the logs may come in another order.
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    try {
      const back = numbers(1, 50).map(() => {
        const seen: unknown[] = [];
        both.since(position).subscribe();
        all.since(position).subscribe((message) => seen.push(message));
        return seen;
      });
      await until(() => back.every(({ length }) => length === 3));
      expect(new Set(back.flat()).size).to.equal(3);
    } finally {
      clock.restore();
    }
  });

  describe('where it stands', () => {
    it('should be told with the heartbeat, of all logs, to one behind a filter', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
      try {
        const { prices, news, both } = pricesAndNews({ size: 50 });
        const filtered = new LogClient(both.since().pipe(filterData(() => false)), { heartbeat: 1_000 });
        for (const n of numbers(1, 100)) {
          prices.next(n);
          news.next(`${n}`);
          clock.tick(100);
          await endOfTick();
        }
        const back = new LogClient(both.since(filtered.lastId));
        await endOfTick();
        expect(named(back, 'gap')).to.deep.equal([]);
        expect(named(back, 'prices').length).to.be.within(1, 49);
      } finally {
        clock.restore();
      }
    });

    it('should resume one of many more topics than eight, in one log that all of them share', async () => {
      interface Entry {
        readonly topic: string;
        readonly text: string;
      }
      const clock = sinon.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
      try {
        const log = new QueueStore<Entry>({ history: { size: 500 } });
        const topics = numbers(0, 99).map((n) => `topic${n}`);
        const of = (wanted: readonly string[], position?: string) =>
          log.since(position).pipe(filterData(({ topic }: Entry) => wanted.includes(topic)));
        const chosen = topics.slice(0, 20);
        const reader = new LogClient(of(chosen), { heartbeat: 1_000 });
        const silent = new LogClient(of(['topic that nobody writes']), { heartbeat: 1_000 });
        const publish = async (round: number): Promise<void> => {
          for (const topic of topics) log.next({ topic, text: `${topic} ${round}` });
          clock.tick(1_000);
          await endOfTick();
        };
        for (const round of numbers(1, 10)) await publish(round);
        reader.leave();
        silent.leave();
        await publish(11);
        for (const each of [reader, silent]) {
          const back = new LogClient(each === reader ? of(chosen, each.lastId) : of([], each.lastId));
          await endOfTick();
          expect(back.received.filter(({ event }) => event === 'gap')).to.deep.equal([]);
          const texts = back.received.map(({ data }) => (data as Entry).text);
          expect(texts).to.deep.equal(each === reader ? chosen.map((topic) => `${topic} 11`) : []);
        }
        expect(reader.received.filter(({ event }) => event === undefined)).to.have.length(200);
      } finally {
        clock.restore();
      }
    });
  });

  describe('the end', () => {
    it('should come when all logs have completed, after what they have', async () => {
      const { prices, news, both } = pricesAndNews();
      const one = new LogClient(both.since());
      prices.next(1);
      prices.complete();
      news.next('a');
      await endOfTick();
      expect(one.events).to.deep.equal([{ type: 'open' }]);
      const position = one.lastId;
      news.next('b');
      news.complete();
      await endOfTick();
      expect(one.events.at(-1)).to.deep.equal({ type: 'close', reason: 'complete' });
      expect(named(one, 'news')).to.deep.equal(['a', 'b']);
      const missed = new LogClient(both.since(position));
      await endOfTick();
      expect(brought(missed.received)).to.deep.equal([['news', 'b']]);
      expect(missed.events.at(-1)).to.deep.equal({ type: 'close', reason: 'complete' });
      const had = new LogClient(both.since(missed.lastId));
      await endOfTick();
      expect(had.transport.calls, 'a 204').to.deep.equal(['end complete']);
    });

    it('should be the error of the first that fails, and leave the others', async () => {
      const { prices, news, both } = pricesAndNews();
      const failure = new Error('no more');
      const one = new LogClient(both.since());
      prices.error(failure);
      await endOfTick();
      expect(one.events.at(-1)).to.deep.equal({ type: 'close', reason: 'error', error: failure });
      expect(news.observed).to.equal(false);
      const failing = combineLogs({ a: news, b: { since: () => throwError(() => failure) }, c: news });
      let seen: unknown;
      failing.since().subscribe({
        error: (error) => {
          seen = error;
        },
      });
      expect(seen).to.equal(failure);
      expect(news.observed).to.equal(false);
    });

    it('should let go of all logs when the client leaves, even while it is subscribed', async () => {
      const { prices, news, both } = pricesAndNews();
      prices.next(1);
      const one = new LogClient(both.since());
      expect([prices.observed, news.observed]).to.deep.equal([true, true]);
      one.leave();
      expect([prices.observed, news.observed]).to.deep.equal([false, false]);
      const seen: unknown[] = [];
      for (const position of [undefined, 'nonsense', 'abc~']) {
        both
          .since(position, { otherwise: 'earliest' })
          .pipe(take(1))
          .subscribe(({ event }) => seen.push(event));
        expect([prices.observed, news.observed]).to.deep.equal([false, false]);
      }
      expect(seen).to.deep.equal(['prices', 'gap', 'gap']);
    });
  });

  it('should refuse what it cannot combine', () => {
    const log = new QueueStore<number>();
    const nine = Object.fromEntries(numbers(1, 9).map((n) => [`log${n}`, log]));
    const wrong: [unknown, string][] = [
      [undefined, 'logs'],
      [[log], 'logs'],
      [{}, 'logs'],
      [nine, 'logs'],
      [{ gap: log }, 'logs'],
      [{ position: log }, 'logs'],
      [{ end: log }, 'logs'],
      [{ '': log }, 'logs'],
      [{ 'a\nb': log }, 'logs'],
      [{ prices: undefined }, 'logs.prices'],
      [{ prices: NEVER }, 'logs.prices'],
      [{ prices: combineLogs({ log }) }, 'logs.prices'],
    ];
    for (const [logs, option] of wrong) {
      const error = thrown(() => combineLogs(logs as { log: typeof log }));
      expect(error).to.include({ code: 'ERR_INVALID_OPTION', option });
    }
    const both = combineLogs({ log });
    const options: [() => unknown, string][] = [
      [() => both.since('a', { otherwise: 'latest' as 'live' }), 'otherwise'],
      [() => both.since('a', { other: 'live' } as object), 'other'],
      [() => both.since(7 as unknown as string), 'position'],
    ];
    for (const [make, option] of options) expect(thrown(make)).to.include({ code: 'ERR_INVALID_OPTION', option });
  });

  it('should let a published notice pass, with the name of its log', async () => {
    const { prices, both } = pricesAndNews();
    const one = new LogClient(both.since().pipe(map((message) => message)));
    (prices as unknown as QueueStore<Gap>).next(new Gap({ reason: 'disconnected' }));
    await endOfTick();
    expect(named(one, 'gap')).to.deep.equal([{ reason: 'disconnected', log: 'prices' }]);
  });
});
