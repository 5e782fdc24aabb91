import { expect } from 'chai';
import { firstLine } from './frames.ts';
import { startDemo, stopDemos } from './startDemo.ts';

describe('demos/custom-sink', () => {
  afterEach(stopDemos);

  it('should stream a line of JSON for each value', async () => {
    const { url } = await startDemo('custom-sink');
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).to.equal('application/x-ndjson');
    const { celsius, at } = JSON.parse(await firstLine(answer));
    expect(celsius).to.be.within(20, 21);
    expect(new Date(at).toISOString()).to.equal(at);
  });
});
