import type { Entry, Ledger } from './Ledger.ts';
import type { ModelClient, Note } from './ModelClient.ts';

/** What a log has done wrong. */
export interface Fault {
  readonly kind: 'lost' | 'duplicated' | 'hole' | 'notice' | 'wrong';
  readonly text: string;
}

/** The numbers of the values by their ids: what a position stands for. */
export type Ids = ReadonlyMap<string, number>;

const numberIn = (note: Note): number => Number.parseInt(note.text, 10);

/** Which value each id names, as its publisher was told and all clients have seen it. */
export function idsOf(ledger: Ledger, clients: readonly ModelClient[], faults: Fault[]): Ids {
  const ids = new Map<string, number>();
  const names = (id: string | undefined, number: number): void => {
    if (id === undefined) return;
    const known = ids.get(id);
    if (known !== undefined && known !== number)
      faults.push({ kind: 'wrong', text: `${id} is the id of ${known} and of ${number}` });
    ids.set(id, number);
  };
  for (const { id, number } of ledger.entries) names(id, number);
  for (const { notes } of clients) for (const note of notes) if (note.kind === 'value') names(note.id, numberIn(note));
  return ids;
}

/** Holds what a client has seen, over all of its connections, against the ledger. */
export function faultsOf(client: ModelClient, ledger: Ledger, ids: Ids): Fault[] {
  const faults: Fault[] = [];
  const fault = (kind: Fault['kind'], text: string): void => void faults.push({ kind, text });
  const { divisor, otherwise } = client.habits;
  /** The value after which it stands, where that is known. */
  let place: number | undefined;
  /** The value that is to come next: a later one leaves a hole. Unknown until it is told where it is. */
  let due = Number.POSITIVE_INFINITY;
  let last = 0;
  let isNew = false;
  let gapSince = true;
  /** What it is to get of these values. */
  const between = (from: number, to: number): Entry[] =>
    ledger.entries
      .slice(from - 1, Math.max(to, from - 1))
      .filter(({ number, fate }) => fate === 'acknowledged' && number % divisor === 0);
  const placed = (note: Note): void => {
    const { moment } = note;
    const gone = ledger.gone(moment);
    const number = ids.get(note.id ?? '');
    const begins = due === Number.POSITIVE_INFINITY ? 1 : due;
    if (otherwise === 'earliest' && number !== undefined) {
      const skipped = between(Math.max(begins, gone + 1), number).filter(
        ({ number: skips }) => !ledger.isHole(skips) && !ledger.reusesId(skips),
      );
      if (skipped.length > 0) fault('hole', `goes on after ${number}, though ${listed(skipped)} are retained`);
    }
    // Where the id names no value, it is the beginning of a log or a mark in it.
    const after = number ?? (otherwise === 'earliest' ? gone : moment.issued);
    due = Math.max(after, last) + 1;
    place = number;
  };

  for (const note of client.notes) {
    if (note.kind === 'came') {
      isNew = note.id === undefined;
      if (!isNew) continue;
      place = undefined;
      due = Number.POSITIVE_INFINITY;
    } else if (note.kind === 'gap') {
      // What no value is known of, it has not been told yet: any damage may be meant.
      const isMark = note.text === 'unknown-epoch' && !ids.has(note.id ?? '');
      if (!ledger.mayMiss(place, note.moment, isMark))
        fault(
          'notice',
          `is told of a gap (${note.text}) after ${place ?? 'the beginning'}, where nothing can be missing`,
        );
      placed(note);
      gapSince = true;
    } else if (note.kind === 'position') {
      if (isNew) placed(note);
      else {
        const number = ids.get(note.id ?? '');
        if (number !== undefined) {
          const skipped = between(due, number);
          if (skipped.length > 0) fault('hole', `is told that it is at ${number}, without ${listed(skipped)}`);
          due = Math.max(due, number + 1);
          place = number;
        }
      }
    } else {
      const number = numberIn(note);
      const entry = ledger.at(number);
      if (entry?.text !== note.text) fault('wrong', `is given ${note.text}, which nobody has published`);
      if (entry?.fate === 'unsent') fault('wrong', `is given ${number}, which was not sent`);
      if (number % divisor !== 0) fault('wrong', `is given ${number}, which its filter holds back`);
      if (isNew) fault('wrong', `is given ${number} before it is told where it is`);
      if (number <= last && !(gapSince && entry?.mayComeTwice)) fault('duplicated', `is given ${number} after ${last}`);
      const skipped = between(due, number - 1).filter((missing) => !ledger.reusesForeignId(missing.number));
      if (skipped.length > 0) fault('hole', `is given ${number} without ${listed(skipped)}, and no gap`);
      last = Math.max(last, number);
      due = number + 1;
      place = number;
      gapSince = false;
    }
    isNew = isNew && note.kind === 'came';
  }
  for (const reason of client.closed) fault('wrong', `was closed: ${reason}`);
  return faults;
}

const listed = (entries: readonly Entry[]): string => entries.map(({ number }) => number).join(', ');

/** What a client has seen, in a line. */
export function journalOf(client: ModelClient, ids: Ids): string {
  const named = (id: string | undefined): string => (id === undefined ? 'anew' : `${ids.get(id) ?? id}`);
  const parts = client.notes.map((note) => {
    if (note.kind === 'value') return `${numberIn(note)}`;
    const { issued } = note.moment;
    if (note.kind === 'came') return `| came ${named(note.id)} of ${issued}:`;
    return note.kind === 'position'
      ? `(at ${named(note.id)})`
      : `(${note.text} of ${issued}, on after ${named(note.id)})`;
  });
  return parts.join(' ');
}
