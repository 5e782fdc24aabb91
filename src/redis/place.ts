import { compact, expanded, newEpoch } from '../stores/position.ts';

/** An entry of a stream: its id in Redis (`ms-sequence`), and the epoch that it carries. */
export interface Place {
  readonly epoch: string;
  readonly id: string;
}

/** The epoch of an entry that another program has added, which carries none. */
export const noEpoch = '0000';

const epochForm = /^[0-9A-Za-z_-]{4}$/;
const idForm = /^(0|[1-9][0-9]{0,19})-(0|[1-9][0-9]{0,19})$/;
const shortForm = /^([0-9A-Za-z_-]{4})([0-9A-Za-z_-]{7})([0-9A-Za-z_-]{0,4})$/;
const longForm = /^([0-9A-Za-z_-]{4})\.([0-9]{1,20})\.([0-9]{1,20})$/;
/** What seven digits of base 64 hold: until the year 2109. */
const mostShort = 64 ** 7;
const mostSequence = 64 ** 4;
const most = 2n ** 64n - 1n;

/** The id of a place: what a client comes back with. 11 to 15 characters, for any id that Redis makes by itself. */
export function idOf({ epoch, id }: Place): string {
  const dash = id.indexOf('-');
  const [ms, count] = [Number(id.slice(0, dash)), Number(id.slice(dash + 1))];
  if (ms >= mostShort || count >= mostSequence) return `${epoch}.${id.replace('-', '.')}`;
  return `${epoch}${compact(ms).padStart(7, '0')}${count === 0 ? '' : compact(count)}`;
}

/** Reads a position that came from outside: `undefined` when it is none of a stream. What it gives is an id that Redis takes. */
export function placeOf(position: string): Place | undefined {
  if (position.length > 128) return undefined;
  const place = longPlace(position) ?? shortPlace(position);
  // One writing each, so that no two positions are the same place.
  return place !== undefined && idOf(place) === position ? place : undefined;
}

function shortPlace(position: string): Place | undefined {
  const [, epoch, time, sequence] = shortForm.exec(position) ?? [];
  if (epoch === undefined || time === undefined || sequence === undefined) return undefined;
  const ms = expanded(time.replace(/^0{1,6}/, ''));
  const count = sequence === '' ? 0 : expanded(sequence);
  return ms === undefined || count === undefined ? undefined : { epoch, id: `${ms}-${count}` };
}

function longPlace(position: string): Place | undefined {
  const [, epoch, time, sequence] = longForm.exec(position) ?? [];
  if (epoch === undefined || time === undefined || sequence === undefined) return undefined;
  if (BigInt(time) > most || BigInt(sequence) > most) return undefined;
  return { epoch, id: `${time}-${sequence}` };
}

/** A new epoch, random, so that no other stream has the same. */
export function newStreamEpoch(): string {
  for (;;) {
    const epoch = newEpoch(4);
    if (epoch !== noEpoch) return epoch;
  }
}

/** Whether they are the same entry of the same stream. */
export function isSamePlace(a: Place, b: Place): boolean {
  return a.id === b.id && a.epoch === b.epoch;
}

/** Whether it is an epoch of this library's. */
export function isEpoch(text: string): boolean {
  return epochForm.test(text) && text !== noEpoch;
}

/** Whether it is an id as Redis writes them. */
export function isEntryId(id: string): boolean {
  return idForm.test(id) && (id.length < 20 || id.split('-').every((part) => BigInt(part) <= most));
}

/** Below 0 where `a` came before `b`. Both are as Redis writes them. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  const dash = a.indexOf('-');
  const longer = dash - b.indexOf('-');
  if (longer !== 0) return longer;
  // Nearly always: the times have as many digits, and so have the numbers within a millisecond.
  if (a.length === b.length) return a < b ? -1 : 1;
  const [timeA, timeB] = [a.slice(0, dash), b.slice(0, dash)];
  if (timeA !== timeB) return timeA < timeB ? -1 : 1;
  return a.length - b.length;
}
