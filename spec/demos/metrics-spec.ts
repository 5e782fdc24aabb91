import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Figures, figuresOf } from '../support/figures.ts';
import { startDemo, stopDemos } from './startDemo.ts';

describe('demos/metrics', () => {
  afterEach(stopDemos);

  it('should tell Prometheus of quick clients, of a slow one, and of those that come back', async () => {
    const { url } = await startDemo('metrics');
    const first = await read(`${url}/stream`);
    const back = await read(`${url}/stream`, { 'last-event-id': first.id });
    expect(back.numbers[0]).to.equal((first.numbers.at(-1) as number) + 1);
    const wrong = await read(`${url}/stream?lastEventId=nonsense`);
    expect(wrong.text).to.match(/^event: gap\n/);

    const figures = await until(`${url}/metrics`, (now) => {
      const dropped = now.of('tornadose_dropped_events_total')['event-stream replaced'] ?? 0;
      return dropped > 0 && now.of('tornadose_connection_active')['event-stream'] === 1;
    });
    // The slow one is still there.
    expect(figures.of('tornadose_connection_opened_total')).to.deep.equal({ 'event-stream': 4 });
    expect(figures.of('tornadose_connection_closed_total')).to.deep.equal({ 'event-stream client': 3 });
    expect(figures.of('tornadose_recoveries_total')).to.deep.equal({ true: 1, 'false malformed': 1 });
    expect(figures.of('tornadose_gaps_total')).to.deep.equal({});
    expect(figures.of('tornadose_errors_total')).to.deep.equal({});
    const count = [first, back, wrong].reduce((sum, { numbers }) => sum + numbers.length, 0);
    expect(figures.of('tornadose_sent_events_total')['event-stream']).to.be.at.least(count);
    expect(figures.one('tornadose_delay_count')).to.be.above(0);
    expect(figures.one('tornadose_waiting_limit')).to.equal(256 * 1024 * 1024);
    expect(figures.text).to.include('# UNIT tornadose_delay s\n# TYPE tornadose_delay histogram');
    expect(figures.of('tornadose_delay_bucket')).to.include.keys('0.0005', '60', '+Inf');

    const page = await (await fetch(url)).text();
    expect(page).to.include("fetch('/metrics')");
  });
});

/** Reads a stream until three numbers have come, and leaves. */
async function read(url: string, headers: Record<string, string> = {}) {
  const aborter = new AbortController();
  const { body } = await fetch(url, { headers, signal: aborter.signal });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split(/^data: \d+\n\n/m).length > 3) break;
  }
  aborter.abort();
  // What is cut off comes to those who come back.
  text = text.slice(0, text.lastIndexOf('\n\n') + 2);
  const numbers = Array.from(text.matchAll(/^data: (\d+)$/gm), ([, number]) => Number(number));
  const id = [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] as string;
  return { text, numbers, id };
}

/** The first figures that are so. */
async function until(url: string, isSo: (figures: Figures) => boolean): Promise<Figures> {
  for (;;) {
    const figures = await figuresOf(url);
    if (isSo(figures)) return figures;
    await sleep(20);
  }
}
