import { expect } from 'chai';
import { firstEvents } from './frames.ts';
import { startProgram, stopDemos } from './startDemo.ts';

/** Has the process's clock tick five hundred times as fast: the hundredth number is a minute and a half away. */
const hurry = `data:text/javascript,${encodeURIComponent(`
  const { setInterval } = globalThis;
  globalThis.setInterval = (turn, ms, ...rest) => setInterval(turn, ms / 500, ...rest);
`)}`;

describe('demos/fibonacci', () => {
  afterEach(stopDemos);

  it('should stay exact beyond what a number can hold', async () => {
    const program = startProgram(['--import', hurry, 'demos/fibonacci.ts']);
    const url = await program.printed(/http:\/\/localhost:\d+$/m);
    const answer = await fetch(`${url}/stream`);
    const first = Number(/\d+/.exec((await firstEvents(answer, 1))[0]?.data ?? '')?.[0]);
    const events = await firstEvents(await fetch(`${url}/stream`), 200);
    expect(events.map(({ data }) => data)).to.include('F(200) = 280571172992510140037611932413038677189525');
    expect(first).to.be.below(200);
  });
});
