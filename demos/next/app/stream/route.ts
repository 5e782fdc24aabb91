// A route handler of Next.js, as it stands in its folder `app/stream`.
import { map, timer } from 'rxjs';
import { DataStore, toResponse } from 'tornadose';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

export function GET(request: Request): Response {
  // Next.js sends the headers with the first bytes: `retry` brings some at once, whenever the first event comes.
  return toResponse(numbers, request, { retry: 2000 });
}
