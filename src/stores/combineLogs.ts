import { Observable, type ObservedValueOf, type Subscriber } from 'rxjs';
import { type DataOf, type Gap, Message } from '../message.ts';
import { invalidOption } from '../options.ts';
import { demandOf } from '../pull/demand.ts';
import { CombinedCursor } from './CombinedCursor.ts';
import { CompositePosition } from './CompositePosition.ts';
import { checkedSince } from './checkedSince.ts';
import type { Log, SinceOptions } from './Log.ts';
import type { Part } from './PartSubscriber.ts';

/** The logs of a combination, by name. */
export type LogsByName<Logs> = { readonly [Name in keyof Logs]: Log<unknown> };

/** What the messages of a combination hold: the data of any of its logs. */
export type CombinedData<Logs extends LogsByName<Logs>> = {
  [Name in keyof Logs]: DataOf<ObservedValueOf<ReturnType<Logs[Name]['since']>>>;
}[keyof Logs];

/** So many places fit into one id. */
const mostParts = 8;

/**
 * Up to 8 logs as one, with one position: a page gets many topics over one connection, and resumes all of them.
 *
 * ```
 * prices        --1-----2----
 * news          -----A-----B-
 * combineLogs   --1--A--2--B-      events: prices, news, prices, news
 * ```
 *
 * ```ts
 * const topics = combineLogs({ prices, news });
 * void topics.since(lastEventId(req)).pipe(toEventSource(res));
 * // in the page: events.addEventListener('prices', …); events.addEventListener('news', …);
 * ```
 *
 * The event of each message is the name of its log, whatever it was before. Within a log the order is the log's; between
 * them there is none but that of coming. A `Gap` of a log says which in `data.log`, and the others go on.
 *
 * Names may come and go between two connections: a log that the client's position does not name begins with a `Gap`
 * (`unknown-epoch`) and then as `otherwise` says, and one that is not there any more is ignored. So are logs chosen for each
 * request: match the names that it asks for against an allow-list, and keep the combination, not one for each client, as the
 * clients of a combination share what is encoded. For more topics than 8, use one log for all and `filterData`.
 *
 * It holds nothing: a client that cannot take more is a place in each of the logs.
 *
 * *End*: when all logs have completed, or when the first one fails.
 *
 * *Position*: a tag of two characters, the id in the log and `~` for each. In 128 characters there is room for 8 ids of 13
 * characters; ids that do not fit, or have a `~`, are reported on `tornadose:error`, and the longest is left out, which the
 * client that comes back learns from a `Gap`.
 *
 * @param logs 1 to 8 logs by name, which is an event name other than `gap`, `position` and `end`
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function combineLogs<Logs extends LogsByName<Logs>>(logs: Logs): Log<CombinedData<Logs>> {
  return new CombinedLog(logs) as Log<CombinedData<Logs>>;
}

class CombinedLog implements Log<unknown> {
  readonly #parts: readonly Part[];
  readonly #position: CompositePosition;

  constructor(logs: unknown) {
    if (typeof logs !== 'object' || logs === null || Array.isArray(logs)) {
      throw invalidOption('logs', 'an object of logs by name', logs);
    }
    // By name, so that those who write them in another order have the same positions.
    const entries = Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1));
    if (entries.length < 1 || entries.length > mostParts) {
      throw invalidOption('logs', `1 to ${mostParts} logs by name`, `${entries.length} logs`);
    }
    this.#parts = entries.map(([name, log]) => partOf(name, log));
    this.#position = new CompositePosition(this.#parts.map(({ name }) => name));
  }

  since(after?: string, options?: SinceOptions): Observable<Message | Gap> {
    const { position, otherwise } = checkedSince(after, options);
    return new Observable<Message>((subscriber) => {
      const client = demandOf(subscriber as Subscriber<never>);
      const ids = position === undefined ? undefined : (this.#position.read(position) ?? 'malformed');
      new CombinedCursor(this.#parts, this.#position, subscriber, client, ids).run({ otherwise });
    });
  }
}

function partOf(name: string, log: unknown): Part {
  try {
    // What its messages will be.
    new Message({ data: '', event: name });
  } catch {
    throw invalidOption('logs', 'named as events are, and not gap, position or end', name);
  }
  if (log instanceof CombinedLog) throw invalidOption(`logs.${name}`, 'a log that is no combination itself', log);
  if (typeof (log as Partial<Log<unknown>> | null | undefined)?.since !== 'function')
    throw invalidOption(`logs.${name}`, 'a log, as a `QueueStore` is', log);
  return { name, log: log as Log<unknown>, made: new WeakMap() };
}
