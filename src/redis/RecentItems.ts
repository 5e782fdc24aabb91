import type { Message } from '../message.ts';
import { Row } from '../stores/Row.ts';
import { lowerBound } from './lowerBound.ts';
import { compareIds, isSamePlace, type Place } from './place.ts';
import type { StreamItem } from './StreamItem.ts';

const mostItems = 256;
const mostBytes = 128 * 1024;

/** What came last, for clients that fall behind for a moment: what is older is read again. */
export class RecentItems {
  readonly #items = new Row<StreamItem>();
  #bytes = 0;
  /** The entry before the first one. */
  #base: Place | undefined;

  /** The number after which items are there. */
  get start(): number {
    return this.#items.start;
  }

  /** The number of the last one. */
  get end(): number {
    return this.#items.end;
  }

  message(number: number): Message {
    return this.#items.at(number).message as Message;
  }

  /** Takes in an item that has a message. */
  push(item: StreamItem): void {
    this.#items.push(item);
    this.#bytes += item.bytes;
    while (this.#items.size > mostItems || (this.#bytes > mostBytes && this.#items.size > 1)) {
      const oldest = this.#items.shift();
      this.#bytes -= oldest.bytes;
      this.#base = oldest.place;
    }
  }

  /** Lets all go. What comes next comes after `base`, if that is known. */
  clear(base?: Place): void {
    this.#items.clear();
    this.#bytes = 0;
    this.#base = base;
  }

  /** The number of the item at a place, or of the one before the first. */
  find(place: Place): number | undefined {
    if (this.#base !== undefined && isSamePlace(place, this.#base)) return this.start;
    const order = (number: number): number => compareIds(this.#items.at(number).place.id, place.id);
    // Those who have been away for longer ask after each page.
    if (this.#items.size === 0 || order(this.start + 1) > 0) return undefined;
    const low = lowerBound(this.start + 1, this.end, (number) => order(number) < 0);
    return low <= this.end && isSamePlace(this.#items.at(low).place, place) ? low : undefined;
  }
}
