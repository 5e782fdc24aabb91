import { expect } from 'chai';
import { InFlight } from '../../src/redis/InFlight.ts';
import { failed } from './support/failed.ts';

describe('InFlight', () => {
  const limits = { maxPending: 3, maxPendingBytes: 10 };

  it('should admit so many values', () => {
    const inFlight = new InFlight();
    for (let each = 0; each < 3; each += 1) {
      expect(inFlight.admits(1, limits)).to.equal(true);
      inFlight.add(1);
    }
    expect(inFlight.admits(0, limits)).to.equal(false);
    inFlight.remove(1);
    expect(inFlight.admits(1, limits)).to.equal(true);
  });

  it('should admit so many bytes', () => {
    const inFlight = new InFlight();
    inFlight.add(6);
    expect(inFlight.admits(4, limits)).to.equal(true);
    expect(inFlight.admits(5, limits)).to.equal(false);
  });

  it('should admit a value larger than the limit where nothing else is on its way', () => {
    const inFlight = new InFlight();
    expect(inFlight.admits(11, limits)).to.equal(true);
    inFlight.add(11);
    expect(inFlight.admits(0, limits)).to.equal(false);
    inFlight.remove(11);
    expect(inFlight.pending).to.equal(0);
  });

  it('should answer one too many with what is on its way, and the same answer until that changes', async () => {
    const inFlight = new InFlight();
    inFlight.add(4);
    const busy = inFlight.busy();
    expect(inFlight.busy()).to.equal(busy);
    expect(await failed(busy)).to.include({ code: 'ERR_REDIS_BUSY', pending: 1, bytes: 4 });
    inFlight.add(5);
    expect(await failed(inFlight.busy())).to.include({ pending: 2, bytes: 9 });
  });
});
