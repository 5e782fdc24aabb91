import { expect } from 'chai';
import sinon from 'sinon';
import { Roster } from '../../src/redis/Roster.ts';

const patience = 1_000;
const json = (id: string): string => JSON.stringify({ id });

describe('Roster', () => {
  let roster: Roster<{ id: string }>;
  let changed: string[];

  beforeEach(() => {
    changed = [];
    roster = new Roster(
      {
        parse: (text) => ({ id: JSON.parse(text).id as string, member: JSON.parse(text), json: text }),
        changed: (id) => changed.push(id),
      },
      patience,
    );
  });
  afterEach(() => sinon.restore());

  const here = (): string => [...roster.ids].sort().join('');
  const read = (base: string, version: number, ...ids: string[]): void => {
    roster.read({ obeyed: 0, base, version, count: ids.length, members: ids.map(json) });
  };
  const renewed = (base: string, version: number): void => {
    roster.compare({ obeyed: 0, base, version, count: 0, members: [] });
  };
  const published = (base: number, before: number, after: number, ...lines: string[]): void => {
    const texts = lines.map(
      (line) => `${line[0]}${line[0] === 'l' ? JSON.stringify(line.slice(1)) : json(line.slice(1))}`,
    );
    roster.received([`${base} ${before} ${after}`, ...texts].join('\n'));
  };

  it('should follow what is published after it was read, and skip what it has read', () => {
    expect(roster.isStale).to.equal(true);
    roster.reading();
    published(10, 10, 11, 'jb');
    published(10, 11, 12, 'jc');
    read('10', 11, 'a', 'b');
    expect(here()).to.equal('abc');
    published(10, 12, 15, 'la', 'jd');
    published(10, 12, 15, 'la', 'jd');
    expect([here(), roster.isStale]).to.deep.equal(['bcd', false]);
  });

  it('should follow a topic from its first member on', () => {
    read('0', 0);
    published(10, 0, 10, 'ja');
    expect([here(), roster.isStale]).to.deep.equal(['a', false]);
  });

  it('should be read again when something is missing, and see what came meanwhile', () => {
    read('10', 11, 'a');
    published(10, 12, 13, 'jc');
    expect([here(), roster.isStale]).to.deep.equal(['a', true]);
    roster.reading();
    published(10, 13, 14, 'lc');
    read('10', 13, 'a', 'b', 'c');
    expect([here(), roster.isStale]).to.deep.equal(['ab', false]);
  });

  it('should hold a bounded number of messages', () => {
    roster.reading();
    for (let version = 11; version < 5_000; version += 1) published(10, version - 1, version, `j${version}`);
    read('10', 10);
    expect(roster.isStale).to.equal(true);
    roster.reading();
    read('10', 4_999, 'a');
    expect([here(), roster.isStale]).to.deep.equal(['a', false]);
  });

  it('should not go on asking for what a Redis that lost everything has published before', () => {
    read('10', 11, 'a');
    roster.missed();
    published(10, 13, 14, 'jb');
    roster.reading();
    read('20', 21, 'a');
    expect([here(), roster.isStale]).to.deep.equal(['a', false]);
  });

  it('should be read again, once, when a renewal tells of what did not come', () => {
    read('10', 11, 'a');
    renewed('10', 12);
    expect(roster.isStale).to.equal(false);
    published(10, 11, 12, 'jb');
    renewed('10', 13);
    renewed('10', 13);
    expect(roster.isStale).to.equal(true);
    roster.reading();
    read('10', 13, 'b');
    renewed('10', 13);
    renewed('10', 13);
    expect([here(), roster.isStale]).to.deep.equal(['b', false]);
  });

  it('should take what is read, though it is older, where a replica has taken over', () => {
    read('10', 15, 'a', 'b');
    renewed('10', 15);
    renewed('10', 12);
    expect(roster.isStale).to.equal(true);
    roster.reading();
    read('10', 12, 'a');
    expect([here(), roster.isStale]).to.deep.equal(['a', false]);
  });

  it('should give those time to come back who were here before Redis lost the topic', () => {
    const clock = sinon.useFakeTimers();
    read('10', 11, 'a', 'b', 'c');
    renewed('0', 0);
    expect(roster.isStale).to.equal(true);
    roster.reading();
    read('0', 0);
    published(20, 0, 20, 'ja');
    clock.tick(patience - 1);
    roster.endDoubt();
    expect(here()).to.equal('abc');
    published(20, 20, 21, 'lb');
    expect(here()).to.equal('ac');
    clock.tick(1);
    roster.endDoubt();
    expect(here()).to.equal('a');
    expect(changed.slice(-2)).to.deep.equal(['b', 'c']);
  });
});
