// What one writes with RxJS alone: no client is bounded, and each encodes for itself.
import { createServer } from 'node:http';
import { filter, identity, map, Subject } from 'rxjs';
import { eventOf, headers } from './clients.mjs';
import { clientOf, passes } from './passes.mjs';

const operators = {
  plain: () => identity,
  filter: (client) => filter(({ seq }) => passes(seq, client)),
  map: (client) => map((value) => ({ ...value, client })),
};

export function start(variant) {
  const subject = new Subject();
  const server = createServer((req, res) => {
    res.writeHead(200, headers).flushHeaders();
    const subscription = subject
      .pipe(operators[variant](clientOf(req)))
      .subscribe((value) => res.write(eventOf(value)));
    res.on('close', () => subscription.unsubscribe());
  });
  const publish = (values) => {
    for (const value of values) subject.next(value);
  };
  return { server, publish };
}
