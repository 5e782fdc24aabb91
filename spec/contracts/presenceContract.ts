import { expect } from 'chai';
import {
  concat,
  defer,
  EMPTY,
  filter,
  lastValueFrom,
  merge,
  NEVER,
  type Observable,
  of,
  Subject,
  type Subscription,
  take,
  throwError,
  toArray,
} from 'rxjs';
import {
  DataStore,
  type ErrorReport,
  fromPull,
  type Presence,
  type PresenceChange,
  type PresenceOptions,
  type PresenceState,
  QueueStore,
  TornadoseError,
  toSink,
} from 'tornadose';
import { until } from '../redis/support/until.ts';
import { reported } from '../support/channels.ts';
import { allLeave, clients, countingEncoder, join } from '../support/clients.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

export interface User {
  readonly id: string;
  readonly name: string;
}

export const ann: User = { id: '1', name: 'Ann' };
export const bob: User = { id: '2', name: 'Bob' };
export const cid: User = { id: '3', name: 'Cid' };

/** Who is here for one who was told `messages`. */
export function rosterOf(messages: readonly (PresenceState<User> | PresenceChange<User>)[]): User[] {
  const here = new Map<string, User>();
  for (const message of messages) {
    if (message.type === 'here') {
      here.clear();
      for (const member of message.members) here.set(member.id, member);
    } else if (message.type === 'leave') {
      // Who was not here cannot leave.
      expect(here.delete(message.id)).to.equal(true);
    } else {
      expect(here.has(message.id)).to.equal(message.type === 'update');
      here.set(message.id, message.member);
    }
    expect(message.count).to.equal(here.size);
  }
  return [...here.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What the observers of a topic are told. */
export function watch(presence: Presence<User>, topic: string): (PresenceState<User> | PresenceChange<User>)[] {
  const told: (PresenceState<User> | PresenceChange<User>)[] = [];
  presence.of(topic).subscribe(({ data }) => told.push(data));
  return told;
}

/** The same, once they know who is here. */
export async function watching(presence: Presence<User>, topic: string): Promise<ReturnType<typeof watch>> {
  const told = watch(presence, topic);
  await until(() => told.length > 0);
  return told;
}

/** One connection, until it is unsubscribed. */
export function connect(presence: Presence<User>, topic: string, user: User): Subscription {
  return NEVER.pipe(presence.track(topic, user)).subscribe();
}

/** What a presence owes to those who track their clients with it and to those who watch. */
export function presenceContract(title: string, make: (options: PresenceOptions) => Presence<User>): void {
  describe(`${title} keeps the contract of a presence`, () => {
    let presence: Presence<User>;
    let topic: string;
    let topics = 0;

    const start = (options: PresenceOptions = { linger: 0 }): void => {
      presence = make(options);
    };
    beforeEach(() => {
      topics += 1;
      topic = `room ${topics} of {${title}}: ü\n`;
      start();
    });
    afterEach(async () => {
      allLeave();
      await presence.close();
    });

    /** What is told of a topic, short: `join Ann 1`. */
    const changesOf = (name = topic): string[] => {
      const seen: string[] = [];
      presence.changes(name).subscribe(({ type, id, member, count }) => {
        expect(id).to.equal(member.id);
        seen.push(`${type} ${member.name} ${count}`);
      });
      return seen;
    };

    describe('members', () => {
      it('should join with their connection and leave with it', async () => {
        const seen = changesOf();
        const [first, second] = [connect(presence, topic, ann), connect(presence, topic, bob)];
        await until(() => seen.length === 2);
        first.unsubscribe();
        await until(() => seen.length === 3);
        second.unsubscribe();
        await until(() => seen.length === 4);
        expect(seen).to.deep.equal(['join Ann 1', 'join Bob 2', 'leave Ann 1', 'leave Bob 0']);
      });

      it('should join with the first of their connections and leave with the last', async () => {
        const seen = changesOf();
        const tabs = [1, 2, 3].map(() => connect(presence, topic, { ...ann }));
        tabs[0]?.unsubscribe();
        tabs[2]?.unsubscribe();
        const other = connect(presence, topic, bob);
        await until(() => seen.length === 2);
        tabs[1]?.unsubscribe();
        await until(() => seen.length === 3);
        expect(seen).to.deep.equal(['join Ann 1', 'join Bob 2', 'leave Ann 1']);
        other.unsubscribe();
      });

      it('should be described by the connection that came last', async () => {
        const seen = changesOf();
        connect(presence, topic, ann);
        await until(() => seen.length === 1);
        connect(presence, topic, { ...ann, name: 'Anna' });
        connect(presence, topic, { ...ann, name: 'Anna' });
        connect(presence, topic, bob);
        await until(() => seen.length === 3);
        expect(seen).to.deep.equal(['join Ann 1', 'update Anna 1', 'join Bob 2']);
        expect(await presence.members(topic)).to.have.deep.members([{ id: '1', name: 'Anna' }, bob]);
      });

      it('should be told to who asks, for each topic by itself', async () => {
        connect(presence, topic, ann);
        const leaving = connect(presence, topic, bob);
        connect(presence, `${topic}!`, cid);
        expect(await presence.members(topic)).to.have.deep.members([ann, bob]);
        expect(await presence.count(topic)).to.equal(2);
        expect(await presence.members(`${topic}!`)).to.deep.equal([cid]);
        expect(await presence.count('nobody')).to.equal(0);
        expect(await presence.members('nobody')).to.deep.equal([]);
        leaving.unsubscribe();
        await until(async () => (await presence.count(topic)) === 1);
        expect(await presence.members(topic)).to.deep.equal([ann]);
      });

      it('should leave when their stream completes or fails', async () => {
        const seen = changesOf();
        const [completes, fails] = [new Subject<number>(), new Subject<number>()];
        completes.pipe(presence.track(topic, ann)).subscribe();
        fails.pipe(presence.track(topic, bob)).subscribe({ error: () => {} });
        await until(() => seen.length === 2);
        completes.complete();
        await until(() => seen.length === 3);
        fails.error(new Error('the end'));
        await until(() => seen.length === 4);
        expect(seen.slice(2)).to.deep.equal(['leave Ann 1', 'leave Bob 0']);
      });

      it('should not join with a stream that ends while it is subscribed', async () => {
        const seen = changesOf();
        EMPTY.pipe(presence.track(topic, ann)).subscribe();
        of(1, 2).pipe(presence.track(topic, ann), take(1)).subscribe();
        throwError(() => new Error('the end'))
          .pipe(presence.track(topic, ann))
          .subscribe({ error: () => {} });
        connect(presence, topic, bob);
        await until(() => seen.length === 1);
        expect(seen).to.deep.equal(['join Bob 1']);
      });

      it('should never have left when they come back within the linger', async () => {
        await presence.close();
        start({ linger: 60 });
        const seen = changesOf();
        const [first, second] = [connect(presence, topic, ann), connect(presence, topic, bob)];
        await until(() => seen.length === 2);
        first.unsubscribe();
        second.unsubscribe();
        connect(presence, topic, ann);
        // His time is over after hers would have been.
        await until(() => seen.length > 2);
        expect(seen).to.deep.equal(['join Ann 1', 'join Bob 2', 'leave Bob 1']);
      });

      it('should be refused at once when they are none', () => {
        const cycle: User & { self?: unknown } = { ...ann };
        cycle.self = cycle;
        const wrong: [string, unknown, string][] = [
          ['', ann, 'ERR_INVALID_OPTION'],
          ['\ud800', ann, 'ERR_INVALID_OPTION'],
          [topic, undefined, 'ERR_INVALID_OPTION'],
          [topic, {}, 'ERR_INVALID_OPTION'],
          [topic, { id: '' }, 'ERR_INVALID_OPTION'],
          [topic, { id: 7 }, 'ERR_INVALID_OPTION'],
          [topic, { id: 'x'.repeat(257) }, 'ERR_INVALID_OPTION'],
          [topic, { id: '\ud800' }, 'ERR_INVALID_OPTION'],
          [topic, cycle, 'ERR_UNSERIALISABLE'],
          [topic, { id: '1', toJSON: () => undefined }, 'ERR_UNSERIALISABLE'],
          [topic, { id: '1', name: 'x'.repeat(65_536) }, 'ERR_TOO_LARGE'],
        ];
        for (const [name, member, code] of wrong)
          expect(() => presence.track(name, member as User))
            .to.throw(TornadoseError)
            .with.property('code', code);
      });
    });

    describe('the stream that it tracks', () => {
      it('should be the same, to its end', async () => {
        const error = new Error('the end');
        const tracked = <T>(source: Observable<T>): Promise<T[]> =>
          lastValueFrom(source.pipe(presence.track(topic, ann), toArray()));
        expect(await tracked(of(1, 2, 3))).to.deep.equal([1, 2, 3]);
        const failure = await tracked(
          concat(
            of(1),
            throwError(() => error),
          ),
        ).catch((reason: unknown) => reason);
        expect(failure).to.equal(error);
      });

      it('should be encoded once for all clients', async () => {
        const encoder = countingEncoder();
        const store = new DataStore<{ n: number }>();
        const all = clients(store, 100, encoder, (index) => (source) => {
          const odd = filter(({ n }: { n: number }) => n % 2 === 1);
          return source.pipe(presence.track(topic, { id: `${index}`, name: 'x' }), odd) as Observable<unknown>;
        });
        for (const n of [1, 2, 3]) store.next({ n });
        await endOfTick();
        for (const { text } of all) expect(text).to.equal('{"n":1}\n{"n":3}\n');
        expect(encoder.count).to.equal(2);
      });

      it('should be pulled by the demand of the client', async () => {
        const transport = new FakeTransport();
        transport.takes = false;
        let pulled = 0;
        const numbers = function* (): Generator<string> {
          for (; pulled < 1_000_000; pulled += 1) yield 'x'.repeat(100);
        };
        const sink = toSink(transport, countingEncoder(), { heartbeat: false, outboxBytes: 1_000 });
        void fromPull(numbers()).pipe(presence.track(topic, ann), sink);
        await endOfTick();
        await endOfTick();
        expect(pulled).to.be.lessThan(30);
        expect(await presence.members(topic)).to.deep.equal([ann]);
        transport.leave();
      });

      it('should go on from a position, with the position of the client from the start', async () => {
        const log = new QueueStore<number>();
        const client = join(log.since().pipe(presence.track(topic, ann)), {
          name: 'ids',
          encode: ({ event, id, data }) => `${event ?? ''} ${id === undefined ? '' : 'id'} ${JSON.stringify(data)}\n`,
        });
        await endOfTick();
        log.next(1);
        await endOfTick();
        expect(client.text).to.equal('position id ""\n id 1\n');
      });
    });

    describe('those who watch', () => {
      it('should be told who is here, and then what changes', async () => {
        connect(presence, topic, ann);
        await until(async () => (await presence.count(topic)) === 1);
        const told = watch(presence, topic);
        await until(() => told.length === 1);
        const leaving = connect(presence, topic, bob);
        await until(() => told.length === 2);
        leaving.unsubscribe();
        await until(() => told.length === 3);
        expect(told).to.deep.equal([
          { type: 'here', members: [ann], count: 1 },
          { type: 'join', id: '2', member: bob, count: 2 },
          { type: 'leave', id: '2', member: bob, count: 1 },
        ]);
      });

      it('should be told as messages, encoded once for all of them', async () => {
        const encoder = countingEncoder();
        const all = clients(presence.of(topic), 50, encoder);
        await until(() => all.every(({ text }) => text !== ''));
        connect(presence, topic, ann);
        await until(() => all.every(({ text }) => text.includes('join')));
        expect(encoder.count).to.equal(2);
        const counting = countingEncoder();
        const others = [
          ...clients(presence.changes(topic), 50, counting),
          ...clients(presence.of(topic), 50, counting),
        ];
        connect(presence, topic, bob);
        await until(() => others.every(({ text }) => text.includes('Bob')));
        // What changed, with its name and without, and who was here before.
        expect(counting.count).to.equal(3);
        expect(others[50]?.text.split('\n')[0]).to.equal(JSON.stringify({ type: 'here', members: [ann], count: 1 }));
      });

      it('should see one order, also of what one of them brings about, and no hole when they come meanwhile', async () => {
        const first = watch(presence, topic);
        await until(() => first.length === 1);
        const late: ReturnType<typeof watch>[] = [];
        presence.changes(topic).subscribe(({ type, id }) => {
          if (type !== 'join') return;
          late.push(watch(presence, topic));
          if (Number(id) < 6) connect(presence, topic, { id: `${Number(id) + 1}`, name: 'next' });
          late.push(watch(presence, topic));
        });
        const last = watch(presence, topic);
        connect(presence, topic, ann);
        await until(() => [first, last, ...late].every((told) => rosterOf(told).length === 6));
        expect(late).to.have.length(12);
        expect(last).to.deep.equal(first);
        for (const told of late)
          expect(told.slice(1)).to.deep.equal(told.length === 1 ? [] : first.slice(1 - told.length));
      });

      it('should be counted conflated: a thousand who come at once are one message', async () => {
        await presence.close();
        start({ linger: 0, countInterval: 20 });
        const counts: number[] = [];
        presence.counts(topic).subscribe((count) => counts.push(count));
        await until(() => counts.length === 1);
        const all = Array.from({ length: 1_000 }, (_, n) => connect(presence, topic, { id: `${n}`, name: 'x' }));
        await until(() => counts.length === 2);
        expect(counts).to.deep.equal([0, 1_000]);
        const late: number[] = [];
        presence.counts(topic).subscribe((count) => late.push(count));
        await until(() => late.length === 1);
        expect(late).to.deep.equal([1_000]);
        for (const each of all) each.unsubscribe();
        await until(() => counts.at(-1) === 0 && late.at(-1) === 0);
      });

      it('should be refused a topic that is none', () => {
        for (const method of ['of', 'changes', 'counts'] as const)
          expect(() => presence[method](''))
            .to.throw(TornadoseError)
            .with.property('code', 'ERR_INVALID_OPTION');
      });
    });

    describe('close', () => {
      it('should end those who watch, and not the streams that are tracked', async () => {
        const ended: string[] = [];
        const complete = (name: string) => ({ complete: () => ended.push(name) });
        presence.of(topic).subscribe(complete('of'));
        presence.changes(topic).subscribe(complete('changes'));
        presence.counts(topic).subscribe(complete('counts'));
        const [source, values] = [new Subject<number>(), [] as number[]];
        const tracked = merge(source, presence.of(topic).pipe(filter(() => false))).pipe(presence.track(topic, ann));
        (tracked as Observable<number>).subscribe((value) => values.push(value));
        source.next(1);
        await presence.close();
        source.next(2);
        expect(values).to.deep.equal([1, 2]);
        expect(ended.sort()).to.deep.equal(['changes', 'counts', 'of']);
        presence.of(topic).subscribe(complete('after'));
        of(3)
          .pipe(presence.track(topic, bob))
          .subscribe((value) => values.push(value));
        expect(values).to.deep.equal([1, 2, 3]);
        expect(ended.at(-1)).to.equal('after');
        await presence[Symbol.asyncDispose]();
      });
    });

    describe('isolation', () => {
      it('should report what an observer throws, and neither end the client nor keep it from the others', async () => {
        const seen = changesOf();
        await until(async () => (await presence.count(topic)) === 0);
        const bad = join(presence.of(topic), {
          name: 'bad',
          encode: () => {
            throw new Error('a bug');
          },
        });
        const transport = new FakeTransport();
        const reports = await reported<ErrorReport>('error', async () => {
          void defer(() => NEVER).pipe(presence.track(topic, ann), toSink(transport, countingEncoder()));
          await until(() => seen.length === 1);
          await endOfTick();
        });
        expect(transport.calls).to.deep.equal(['open']);
        expect(reports.every(({ during }) => during === 'encode')).to.equal(true);
        expect(bad.events[0]).to.deep.equal({ type: 'open' });
        transport.leave();
      });
    });
  });
}
