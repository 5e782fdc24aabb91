import { interval, map } from 'rxjs';
import { QueueStore, toResponse } from 'tornadose';

const store = new QueueStore<number>();
store.feed(interval(1000));

// A handler of Hono, Next.js, Deno, Bun or a worker, with no types of Node at hand.
export function GET(request: Request): Response {
  return toResponse(store.pipe(map((count) => ({ count }))), request);
}
