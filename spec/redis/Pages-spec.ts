import { expect } from 'chai';
import type { Commands } from '../../src/redis/Commands.ts';
import { Pages } from '../../src/redis/Pages.ts';
import type { StreamCommandsLike } from '../../src/redis/RedisLike.ts';

const wanted = (): boolean => true;
const entry = (id: string): [Buffer, Buffer[]] => [Buffer.from(id), [Buffer.from('data'), Buffer.from('1')]];

/** Redis, which answers when the spec says so. */
function pagesOf() {
  const asked: { readonly from: string; answer(): void }[] = [];
  const redis = {
    xrangeBuffer: (_key: string, from: string) =>
      new Promise((resolve) => asked.push({ from, answer: () => resolve([entry(from), entry('9-9')]) })),
  } as unknown as StreamCommandsLike;
  const commands = { run: (_lane: unknown, _name: string, _bytes: number, send: () => unknown) => send() };
  const pages = new Pages(redis, commands as unknown as Commands);
  return { asked, page: (from: string, isWanted = wanted) => pages.page('key', from, 5, 1000, isWanted) };
}

describe('Pages', () => {
  it('should read a page once for all who ask for it, and two at a time', async () => {
    const { asked, page } = pagesOf();
    const all = ['1-0', '1-0', '2-0', '3-0', '1-0'].map((from) => page(from));
    expect(asked.map(({ from }) => from)).to.deep.equal(['1-0', '2-0']);
    asked[0]?.answer();
    await all[0];
    await Promise.resolve();
    expect(asked.map(({ from }) => from)).to.deep.equal(['1-0', '2-0', '3-0']);
    for (const { answer } of asked) answer();
    expect((await Promise.all(all)).map(({ entries }) => entries[0]?.id)).to.deep.equal([
      '1-0',
      '1-0',
      '2-0',
      '3-0',
      '1-0',
    ]);
  });

  it('should not read what nobody wants any more, and read it for who asks in that instant', async () => {
    const { asked, page } = pagesOf();
    const first = [page('1-0'), page('2-0')];
    let late: ReturnType<typeof page> | undefined;
    const unwanted = page('3-0', () => {
      queueMicrotask(() => {
        late = page('3-0');
      });
      return false;
    });
    for (const { answer } of asked) answer();
    await Promise.all(first);
    expect((await unwanted).entries).to.deep.equal([]);
    asked[2]?.answer();
    expect((await late)?.entries[0]?.id).to.equal('3-0');
  });

  it('should keep a page for who comes next, unless nobody wants it any more when it comes', async () => {
    const { asked, page } = pagesOf();
    for (const isWanted of [true, false]) {
      const from = isWanted ? '1-0' : '2-0';
      let wants = true;
      const first = page(from, () => wants);
      wants = isWanted;
      asked.at(-1)?.answer();
      await first;
      await Promise.resolve();
      const { length } = asked;
      const next = page(from);
      expect(asked.length - length, from).to.equal(isWanted ? 0 : 1);
      asked.at(-1)?.answer();
      expect((await next).entries.map(({ id }) => id)).to.deep.equal([from, '9-9']);
    }
  });
});
