import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** The first events of an answer's body, `count` of them; the answer is let go of afterwards. */
export async function firstEvents(answer: Response, count: number): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  for await (const text of textOf(answer)) {
    parser.feed(text);
    if (events.length >= count) return events.slice(0, count);
  }
  throw new Error(`Expected ${count} events, got the end after ${events.length}`);
}

/** The first line of an answer's body. */
export async function firstLine(answer: Response): Promise<string> {
  let all = '';
  for await (const text of textOf(answer)) {
    all += text;
    if (all.includes('\n')) return all.slice(0, all.indexOf('\n'));
  }
  throw new Error(`Expected a line, got the end after '${all}'`);
}

async function* textOf(answer: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of answer.body as ReadableStream<Uint8Array>) yield decoder.decode(bytes, { stream: true });
}
