/** What has become of a value for the one who published it. */
type Fate = 'waiting' | 'acknowledged' | 'unknown' | 'unsent';

/** A value that was published. They are numbered from 1 on, in the order in which the log is to have them. */
export interface Entry {
  readonly number: number;
  readonly text: string;
  /** Whether another program has added it, which does not say what was before it. */
  readonly isForeign: boolean;
  readonly at: number;
  fate: Fate;
  id: string | undefined;
  /** The millisecond in which the log has taken it, on the log's clock, where its id tells. */
  takenIn?: number;
  /** Whether Redis may have taken it, lost it, and taken it again. */
  mayComeTwice: boolean;
}

/** Something that was done to what is retained. */
export interface Damage {
  /** The log began anew, its oldest went, or one in the middle did. */
  readonly kind: 'epoch' | 'trim' | 'hole';
  /** The last value that may be gone; of a hole, the value. */
  number: number;
  /** Whether nothing was left. */
  readonly emptied?: boolean;
  /** Until when the log that began anew may have given out ids of before: those of Redis are of a millisecond. */
  reusesIdsUntil?: number;
  /** The millisecond in which that was, on the log's clock. */
  doneIn?: number;
}

/** What the ledger had come to when something was seen. */
export interface Moment {
  readonly issued: number;
  readonly damages: number;
  readonly at: number;
}

/** What a log retains at least. */
export interface Retention {
  readonly count: number;
  readonly bytes: number;
  readonly ttl: number;
}

/** The reference model of a log: a list of what was published, and of what may be gone. */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly #damages: Damage[] = [];
  readonly #retention: Retention;
  readonly #clock: () => number;

  constructor(retention: Retention, clock: () => number) {
    this.#retention = retention;
    this.#clock = clock;
  }

  get issued(): number {
    return this.entries.length;
  }

  get acknowledged(): number {
    return this.entries.filter(({ fate }) => fate === 'acknowledged').length;
  }

  now(): Moment {
    return { issued: this.issued, damages: this.#damages.length, at: this.#clock() };
  }

  /** A new value, of so many characters if it has not more. */
  issue(bytes: number, isForeign = false): Entry {
    const number = this.issued + 1;
    const text = `${number}`.padEnd(bytes, '.');
    const at = this.#clock();
    const entry: Entry = { number, text, isForeign, at, fate: 'waiting', id: undefined, mayComeTwice: false };
    this.entries.push(entry);
    return entry;
  }

  at(number: number): Entry | undefined {
    return this.entries[number - 1];
  }

  /** Notes damage as it is done. What is given back may be made more exact when it is known. */
  damage(damage: Damage): Damage {
    this.#damages.push(damage);
    return damage;
  }

  /** The last value that may be gone at a moment. */
  gone(moment: Moment): number {
    const damages = this.#damages.slice(0, moment.damages);
    let gone = this.#outgrown(moment);
    for (const { kind, number } of damages) if (kind !== 'hole') gone = Math.max(gone, number);
    while (this.isHole(gone + 1)) gone += 1;
    return gone;
  }

  /**
   * Whether something may be missing after a value, so that a notice is right. Where it is not known after which one, any
   * damage will do.
   *
   * A log may be cautious where the value itself is gone and it is not written down that nothing was between it and the
   * next, as nothing is left, or one of the two came from another program; and in the same millisecond in which it began
   * anew, when ids of before are given out again: then, or when the publisher looks for what was acknowledged and leaves a mark.
   */
  mayMiss(after: number | undefined, moment: Moment, isMark = false): boolean {
    if (after === undefined) return this.gone(moment) > 0 || moment.damages > 0;
    if (this.#outgrown(moment) > after) return true;
    const isUnclear = this.at(after)?.isForeign === true || this.#isForeignAfter(after);
    if (isUnclear && this.gone(moment) >= after) return true;
    return this.#damages.slice(0, moment.damages).some((damage) => {
      const { kind, number, emptied = false } = damage;
      if (number > after || this.#reuses(isMark ? number + 1 : after, damage)) return true;
      if (isMark && this.#mayHaveBegunWithin(damage)) return true;
      return number === after && (kind === 'epoch' || (kind === 'trim' && emptied));
    });
  }

  /** Whether the log, which began anew, may have gone on in the millisecond of its last value: with a mark, say, which nobody sees. */
  #mayHaveBegunWithin({ number, doneIn }: Damage): boolean {
    return doneIn !== undefined && this.entries.slice(0, number).some(({ takenIn = 0 }) => takenIn >= doneIn);
  }

  isHole(hole: number): boolean {
    return this.#damages.some(({ kind, number }) => kind === 'hole' && number === hole);
  }

  /** Whether it may have been given the id of one of before the log began anew, and so be taken for seen. */
  reusesId(number: number): boolean {
    return this.#damages.some((damage) => this.#reuses(number, damage));
  }

  /** As `reusesId`, where nothing tells the two apart: what another program has added carries no epoch. */
  reusesForeignId(number: number): boolean {
    return this.#damages.some((damage) => this.#reuses(number, damage) && this.at(damage.number)?.isForeign === true);
  }

  #reuses(number: number, damage: Damage): boolean {
    return number > damage.number && (this.at(number)?.at ?? 0) <= (damage.reusesIdsUntil ?? 0);
  }

  /** For a failure: what was done, and when. */
  toString(): string {
    const fates = this.entries
      .filter(({ fate }) => fate !== 'acknowledged')
      .map(({ number, fate }) => `${number} ${fate}`);
    const foreign = this.entries.filter(({ isForeign }) => isForeign).map(({ number }) => number);
    const damages = this.#damages.map(({ kind, number, emptied }) => `${kind} ${number}${emptied ? ' (emptied)' : ''}`);
    return `published ${this.issued}; ${fates.join(', ')}; foreign: ${foreign.join(', ')}; ${damages.join(', ')}`;
  }

  #isForeignAfter(number: number): boolean {
    const next = this.entries.slice(number).find(({ fate }) => fate !== 'unsent');
    return next?.isForeign === true;
  }

  /** The last value that is beyond what is retained for certain. */
  #outgrown({ issued, at }: Moment): number {
    const { count, bytes, ttl } = this.#retention;
    let outgrown = Math.max(issued - count, 0);
    for (let number = issued, sum = 0; number > outgrown; number -= 1) {
      const entry = this.at(number) as Entry;
      // What memory takes for it at most.
      sum += 2 * entry.text.length + 200;
      if (sum > bytes || entry.at + ttl <= at) outgrown = number;
    }
    return outgrown;
  }
}
