import type { Context } from '../Scenario.ts';
import type { Ports } from '../server/doors.ts';
import { EventStreamClient } from './EventStreamClient.ts';
import { eventReader } from './eventReader.ts';
import { seqOf } from './marks.ts';

/** Who comes to a log, and what it gets. */
export class Visitor {
  readonly log: string;
  readonly id: string;
  readonly client: EventStreamClient;
  /** The name of the first event. */
  first: string | undefined;
  /** Of the gap. */
  reason: string | undefined;
  /** The last id. */
  at: string | undefined;
  readonly seqs: number[] = [];
  readonly texts: string[] = [];
  missedNext = false;

  constructor(
    context: Context,
    { http1 }: Ports,
    { log, id = '', inUrl = false }: { readonly log: string; readonly id?: string; readonly inUrl?: boolean },
  ) {
    this.log = log;
    this.id = id;
    const query = inUrl && id !== '' ? `?lastEventId=${encodeURIComponent(id)}` : '';
    this.client = new EventStreamClient({
      ...{ port: http1, path: `/${log}${query}`, lastEventId: inUrl || id === '' ? undefined : id },
      onBody: eventReader((data, event, at) => this.#take(data, event, at)),
    });
    context.defer(() => this.client.reset());
  }

  #take(data: string, event: string | undefined, at: string | undefined): void {
    this.first ??= event ?? 'message';
    this.at = at ?? this.at;
    this.texts.push(data);
    if (event === 'gap') this.reason = (JSON.parse(data) as { reason: string }).reason;
    else if (event === undefined) this.seqs.push(seqOf(data));
  }
}
