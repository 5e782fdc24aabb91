import { expect } from 'chai';
import { EventSource } from 'eventsource';
import type { EventSourceMessage } from 'eventsource-parser';
import { firstEvents } from './frames.ts';
import { type Demo, startDemo, stopDemos } from './startDemo.ts';

interface Item {
  readonly n: number;
  readonly sensor?: string;
}

describe('demos/topics', () => {
  let demo: Demo;

  before(async () => {
    demo = await startDemo('topics');
  });

  after(stopDemos);

  it('should send the topics that are in the URL, and no others', async () => {
    const events = await items('/events?topics=prices,news', 6);
    expect([...new Set(events.map(({ event }) => event))].sort()).to.deep.equal(['news', 'prices']);
  });

  it('should resume each of them with the one id of the last event', async () => {
    const first = await items('/events?topics=prices,news,weather', 5);
    const second = await items('/events?topics=prices,news,weather', 10, first.at(-1)?.id);
    expect(new Set(second.map(({ event }) => event)).size).to.equal(3);
    for (const topic of ['prices', 'news', 'weather'])
      contiguous([...first, ...second], ({ event }) => event === topic);
  });

  it('should say of a topic that is new to the page, and of no other, that it has no past here', async () => {
    const first = await items('/events?topics=prices,news', 4);
    const answer = await request('/events?topics=prices,weather', first.at(-1)?.id);
    const events = (await firstEvents(answer, 8)).filter(({ event }) => event !== 'position');
    const gaps = events.filter(({ event }) => event === 'gap').map(({ data }) => JSON.parse(data));
    expect(gaps.map(({ log }) => log)).to.deep.equal(['weather']);
    contiguous([...first, ...events], ({ event }) => event === 'prices');
  });

  it('should refuse what is not on the list, and say what is', async () => {
    const wrong = ['/events', '/events?topics=', '/events?topics=prices,secrets', '/events?topics=__proto__'];
    for (const path of [...wrong, '/sensors?topics=100', '/sensors?topics=07', '/sensors?topics=1,-1']) {
      const answer = await request(path);
      expect(answer.status, path).to.equal(400);
      const expected = path.startsWith('/events') ? 'prices, news, weather' : '0 to 99';
      expect(await answer.text())
        .to.match(/^Expected topics to be of .*, got .*\.\n$/)
        .and.to.include(expected);
    }
  });

  it('should send of the one log the sensors that are in the URL, and resume them', async () => {
    const first = await items('/sensors?topics=7,42', 3);
    const second = await items('/sensors?topics=7,42', 4, first.at(-1)?.id);
    const all = [...first, ...second];
    expect([...new Set(all.map(sensorOf))].sort()).to.deep.equal(['42', '7']);
    for (const sensor of ['7', '42']) contiguous(all, (each) => sensorOf(each) === sensor);
  });

  it('should let the choice of sensors change without a notice, since the position is one in the whole log', async () => {
    const first = await items('/sensors?topics=7', 2);
    const events = await firstEvents(await request('/sensors?topics=8', first.at(-1)?.id), 2);
    expect(events.map(sensorOf)).to.deep.equal(['8', '8']);
    expect(read(events[0] as EventSourceMessage).n).to.equal(read(first.at(-1) as EventSourceMessage).n);
  });

  it('should reach an EventSource by the names of the topics', async () => {
    const source = new EventSource(`${demo.url}/events?topics=weather`);
    const data = await new Promise<string>((resolve) => {
      source.addEventListener('weather', (event) => resolve(event.data));
    });
    source.close();
    expect(JSON.parse(data).text).to.match(/^\d+\.\d °C$/);
  });

  function request(path: string, id = ''): Promise<Response> {
    return fetch(`${demo.url}${path}`, { headers: id === '' ? {} : { 'last-event-id': id } });
  }

  /** The first items of a stream. That there is no notice among them is expected. */
  async function items(path: string, count: number, id?: string): Promise<EventSourceMessage[]> {
    const events = await firstEvents(await request(path, id), count + (id === undefined ? 1 : 0));
    if (id === undefined) expect(events.shift()).to.deep.include({ event: 'position' });
    for (const event of events) expect(event.event).to.not.be.oneOf(['gap', 'position']);
    return events;
  }
});

function read({ data }: EventSourceMessage): Item {
  return JSON.parse(data);
}

function sensorOf(event: EventSourceMessage): string | undefined {
  return read(event).sensor;
}

/** Of those that are meant, there is each one, once. */
function contiguous(events: readonly EventSourceMessage[], which: (event: EventSourceMessage) => boolean): void {
  const numbers = events.filter(which).map((event) => read(event).n);
  expect(numbers.length).to.be.above(1);
  expect(numbers).to.deep.equal(numbers.map((_, index) => (numbers[0] as number) + index));
}
