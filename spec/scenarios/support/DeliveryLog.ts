/** What came of what was published, at one client. */
export interface Verdict {
  /** How many of the acknowledged ones came. */
  readonly delivered: number;
  /** How many of the acknowledged ones did not. */
  readonly lost: number;
  /** How many of those are missing where the client was not told so. */
  readonly silent: number;
  /** How many came again. */
  readonly duplicated: number;
  /** How many of those came again with a notice in between. */
  readonly noticed: number;
  /** How many came after a later one. */
  readonly reordered: number;
}

/** What one client got, in its order, to be judged when it is known what there was to get. */
export class DeliveryLog {
  /** The reasons of the notices. */
  readonly notices: string[] = [];
  /** For how many ms nothing came, at most. */
  longestSilence = 0;
  /** The number of the last event. */
  last: number | undefined;
  readonly #entries: number[] = [];
  readonly #seen = new Set<number>();
  #lastAt: number | undefined;

  take(seq: number): void {
    const at = performance.now();
    this.longestSilence = Math.max(this.longestSilence, at - (this.#lastAt ?? at));
    this.#lastAt = at;
    this.last = seq;
    this.#entries.push(seq);
    this.#seen.add(seq);
  }

  /** The client was told that something may be missing here. */
  notice(reason: string): void {
    this.notices.push(reason);
    this.#entries.push(notice);
  }

  /** How many different events came. */
  get count(): number {
    return this.#seen.size;
  }

  has(seq: number): boolean {
    return this.#seen.has(seq);
  }

  /** @param order the numbers of all events, acknowledged or not, in the order in which clients are to get them */
  verdict(acknowledged: readonly number[], order: readonly number[]): Verdict {
    const placeOf = new Map(order.map((seq, place) => [seq, place]));
    /** How many notices there were before each event. */
    const noticesBefore = new Map<number, number>();
    const holes: { readonly after: number; readonly before: number }[] = [];
    const tally = { duplicated: 0, noticed: 0, reordered: 0 };
    let notices = 0;
    let last = -1;
    let told = false;
    for (const seq of this.#entries) {
      const place = placeOf.get(seq);
      if (seq === notice) {
        notices += 1;
        told = true;
      } else if (noticesBefore.has(seq)) {
        tally.duplicated += 1;
        if (noticesBefore.get(seq) !== notices) tally.noticed += 1;
      } else {
        noticesBefore.set(seq, notices);
        if (place === undefined) continue;
        if (place < last) {
          tally.reordered += 1;
          continue;
        }
        if (told) holes.push({ after: last, before: place });
        last = place;
        told = false;
      }
    }
    if (told) holes.push({ after: last, before: Number.POSITIVE_INFINITY });
    const lost = acknowledged.filter((seq) => !this.#seen.has(seq));
    const isTold = (place: number): boolean => holes.some(({ after, before }) => place > after && place < before);
    const silent = lost.filter((seq) => !isTold(placeOf.get(seq) ?? -1)).length;
    return { delivered: acknowledged.length - lost.length, lost: lost.length, silent, ...tally };
  }
}

const notice = -1;

/**
 * The order in which clients are to get what was published: that of Redis, with what it has acknowledged and does not have
 * any more after what was acknowledged before it.
 */
export function orderOf(inRedis: readonly number[], acknowledged: readonly number[]): number[] {
  const there = new Set(inRedis);
  const goneAfter = new Map<number, number[]>();
  let before = -1;
  for (const seq of acknowledged) {
    if (there.has(seq)) before = seq;
    else goneAfter.set(before, [...(goneAfter.get(before) ?? []), seq]);
  }
  return [-1, ...inRedis].flatMap((seq) => [seq, ...(goneAfter.get(seq) ?? [])]).slice(1);
}
