import { expect } from 'chai';
import { type QueuedTopic, TopicQueue } from '../../src/redis/TopicQueue.ts';
import { errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

/** A topic that Redis is told of when the spec says so. */
class FakeTopic implements QueuedTopic {
  syncs = 0;
  renewals = 0;
  answer: (error?: Error) => void = () => {};

  sync(): Promise<void> {
    this.syncs += 1;
    return new Promise((resolve, reject) => {
      this.answer = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  renew(): void {
    this.renewals += 1;
  }

  async leave(): Promise<void> {}
}

describe('The topics that Redis is to be told of', () => {
  const never = 60_000;
  let uses: boolean[];
  let queue: TopicQueue;
  const added = (count: number): FakeTopic[] => {
    const topics = Array.from({ length: count }, () => new FakeTopic());
    for (const topic of topics) {
      queue.register(topic);
      queue.add(topic);
    }
    return topics;
  };

  beforeEach(() => {
    uses = [];
    queue = new TopicQueue(never, (used) => uses.push(used));
  });
  afterEach(() => queue.close());

  it('should be told of at once up to a number, and the others behind them', async () => {
    const topics = added(40);
    const begun = () => topics.filter(({ syncs }) => syncs > 0).length;
    await until(() => begun() > 0);
    expect(begun()).to.equal(32);
    for (const topic of topics.slice(0, 8)) topic.answer();
    await until(() => begun() === 40);
    for (const { answer } of topics) answer();
  });

  it('should be told of one at a time each, and again when something came meanwhile', async () => {
    const [topic] = added(1) as [FakeTopic];
    await until(() => topic.syncs === 1);
    queue.add(topic);
    queue.add(topic);
    await new Promise((resolve) => setImmediate(resolve));
    expect(topic.syncs).to.equal(1);
    topic.answer();
    await until(() => topic.syncs === 2);
    topic.answer();
  });

  it('should be tried again when they failed, with one report for all of them', async () => {
    const reports = errorReports();
    const topics = added(3);
    await until(() => topics.every(({ syncs }) => syncs === 1));
    for (const { answer } of topics) answer(new Error('Redis is away'));
    await until(() => topics.every(({ syncs }) => syncs === 2));
    for (const { answer } of topics) answer();
    reports.stop();
    expect(reports.list.map(({ during }) => during)).to.deep.equal(['presence']);
  });

  it('should be renewed when Redis can be reached again, and be a use of the client while there are any', async () => {
    const topics = added(2);
    await until(() => topics.every(({ syncs }) => syncs === 1));
    queue.reachable();
    expect(topics.map(({ renewals }) => renewals)).to.deep.equal([1, 1]);
    for (const topic of topics) topic.answer();
    expect(uses).to.deep.equal([true]);
    for (const topic of topics) queue.unregister(topic);
    expect(uses).to.deep.equal([true, false]);
  });
});
