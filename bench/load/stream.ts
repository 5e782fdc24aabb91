import { Client } from './Client.ts';
import type { LoadOrder, StreamArrival } from './protocol.ts';

const caret = 0x5e;

/** Takes a stream of small events, and counts them by the `^` that each has. */
export function stream(order: Extract<LoadOrder, { readonly order: 'stream' }>): Promise<StreamArrival> {
  const { port, events, timeout } = order;
  const begun = performance.now();
  let delivered = 0;
  return new Promise((resolve) => {
    const arrived = (): void => {
      clearTimeout(timer);
      client.cut();
      resolve({ delivered, micros: (performance.now() - begun) * 1000 });
    };
    const timer = setTimeout(arrived, timeout);
    const client = new Client(
      { port, protocol: 'event-stream', path: `/?client=0&events=${events}` },
      () => {},
      (bytes) => {
        // A search for each of a million carets, or an iterator, would take longer than some servers.
        for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === caret) delivered += 1;
        if (delivered >= events) arrived();
      },
    );
  });
}
