// What one writes with RxJS alone: no client is bounded, and each encodes for itself.
import { createServer } from 'node:http';
import { filter, from, map, Subject } from 'rxjs';
import { eventOf, headers } from './clients.mjs';
import { clientOf, passes } from './passes.mjs';
import { madeTexts } from './value.mjs';

const sources = {
  plain: (subject) => subject,
  filter: (subject, req) => {
    const client = clientOf(req);
    return subject.pipe(filter(({ seq }) => passes(seq, client)));
  },
  map: (subject, req) => {
    const client = clientOf(req);
    return subject.pipe(map((value) => ({ ...value, client })));
  },
  stream: (_subject, req) => from(madeTexts(req)),
};

export function start(variant) {
  const subject = new Subject();
  const textOf = variant === 'stream' ? (text) => `data: ${text}\n\n` : eventOf;
  const server = createServer((req, res) => {
    res.writeHead(200, headers).flushHeaders();
    const subscription = sources[variant](subject, req).subscribe({
      next: (value) => res.write(textOf(value)),
      complete: () => res.end(),
    });
    res.on('close', () => subscription.unsubscribe());
  });
  const publish = (values) => {
    for (const value of values) subject.next(value);
  };
  return { server, publish };
}
