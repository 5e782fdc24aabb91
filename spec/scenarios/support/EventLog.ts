/** What one client got, judged as it comes: contiguous, in order and without duplicates, from its first event on. */
export class EventLog {
  first: number | undefined;
  last: number | undefined;
  count = 0;
  /** Events that are missing without a notice. */
  holes = 0;
  /** Events that came again, or after a later one. */
  repeats = 0;
  /** The reasons of the notices. */
  readonly notices: string[] = [];
  #noticed = false;

  take(seq: number): void {
    if (this.last === undefined) this.first = seq;
    else if (!(seq > this.last)) this.repeats += 1;
    else if (!this.#noticed) this.holes += seq - this.last - 1;
    this.#noticed = false;
    this.last = seq;
    this.count += 1;
  }

  /** The client was told that something may be missing here. */
  notice(reason: string): void {
    this.notices.push(reason);
    this.#noticed = true;
  }

  /** How much is wrong with it, when it should begin with `first` and end with `last`. */
  faults(first: number, last: number): number {
    const begins = this.first === first ? 0 : 1;
    const ends = this.last === last ? 0 : 1;
    return this.holes + this.repeats + begins + ends;
  }
}
