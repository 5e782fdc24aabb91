import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { firstEvents } from './frames.ts';
import { startDemo, stopDemos } from './startDemo.ts';

describe('demos/basic', () => {
  afterEach(stopDemos);

  it('should stream a new random number again and again', async () => {
    const { url } = await startDemo('basic');
    const answer = await fetch(`${url}/stream`);
    expect(answer.headers.get('content-type')).to.equal('text/event-stream');
    const numbers = (await firstEvents(answer, 3)).map(({ data }) => data);
    for (const number of numbers) expect(number).to.match(/^\d(\.\d+)?(e-\d+)?$/);
    expect(new Set(numbers).size).to.equal(3);
  });

  it('should reach an EventSource', async () => {
    const { url } = await startDemo('basic');
    const source = new EventSource(`${url}/stream`);
    const data = await new Promise((resolve) => {
      source.onmessage = (event) => resolve(event.data);
    });
    source.close();
    expect(Number(data)).to.be.within(0, 1);
  });
});
