import { expect } from 'chai';
import { Message } from 'tornadose';
import { Replays } from '../../src/stores/Replays.ts';
import { until } from '../redis/support/until.ts';
import { numbers } from '../support/numbers.ts';

describe('Replays', () => {
  const log = {
    end: 600,
    read: (number: number) => new Message({ data: number }),
    idOf: (number: number) => `${number}`,
  };

  it('should give all who come back the same message, and the same segment', () => {
    const replays = new Replays(log);
    expect(replays.message(7)).to.equal(replays.message(7)).and.to.deep.include({ data: 7 });
    expect(replays.segment(33)).to.equal(replays.segment(33)).and.to.not.equal(undefined);
  });

  it('should have segments side by side, the long ones where there is as much, and none beyond the end', () => {
    const replays = new Replays(log);
    const segments = numbers(1, 700).flatMap((number) => {
      const segment = replays.segment(number);
      return segment === undefined ? [] : [[number, segment.length, segment.id]];
    });
    const [long, short] = [
      segments.filter(([, length]) => length === 256),
      segments.filter(([, length]) => length === 32),
    ];
    expect(long).to.deep.equal([
      [1, 256, '256'],
      [257, 256, '512'],
    ]);
    expect(short.map(([first]) => first)).to.deep.equal(
      numbers(0, 17)
        .map((index) => 32 * index + 1)
        .filter((first) => first % 256 !== 1 || first > 512),
    );
    expect(segments.length).to.equal(long.length + short.length);
  });

  it('should let go of them when nobody comes back any more', async () => {
    const replays = new Replays(log);
    const [message, segment] = [replays.message(7), replays.segment(33)];
    await until(() => replays.message(7) !== message);
    expect(replays.segment(33)).to.not.equal(segment);
  });
});
