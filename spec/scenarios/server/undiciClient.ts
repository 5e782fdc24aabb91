// The EventSource of Node's own, which is undici's and behind a flag: a client, and not a server.
import type { WireEvent } from '../../wire/vectors.ts';
import type { ScenarioServer } from './host.ts';

export type UndiciOrders = {
  connect(details: { readonly url: string; readonly types: readonly string[] }): Promise<void>;
  /** All that came up to the event `end`. */
  events(): Promise<readonly WireEvent[]>;
};

const events: WireEvent[] = [];
let ended: Promise<void>;

const orders: UndiciOrders = {
  async connect({ url, types }) {
    const source = new EventSource(url);
    ended = new Promise((resolve, reject) => {
      source.addEventListener('error', () => reject(new Error('The stream broke')));
      for (const type of types) {
        source.addEventListener(type, ({ data, lastEventId }) => {
          events.push({ type, data, lastEventId });
          if (type !== 'end') return;
          source.close();
          resolve();
        });
      }
    });
    ended.catch(() => {});
    await new Promise((resolve) => source.addEventListener('open', resolve));
  },
  async events() {
    await ended;
    return events;
  },
};

export const server: ScenarioServer = { observers: () => 0, orders };
