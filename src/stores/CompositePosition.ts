import { reportError } from '../diagnostics.ts';
import { TornadoseError } from '../errors.ts';
import { compact } from './position.ts';

/** The longest id that a client can come back with. */
const longest = 128;
/** A tag of two characters, and the id in that part. Each ends with `~`, so that the id of a single log is none of these. */
const form = /^(?:[\w-]{2}[\w.-]+~){1,8}$/;
const idForm = /^[\w.-]+$/;

/**
 * Writes the places in several logs as one id, and reads it: `uK3f9xQa.1z~0bR2m_Zq.7~`. A part is known by a tag that is made
 * of its name, so that it is found again when others were added, removed or put in another order. Two names may have the
 * same tag, and one of them then gets another: whoever is given a place that is another log's knows it by the epoch.
 */
export class CompositePosition {
  readonly #tags: readonly string[];
  #isReported = false;

  /** @param names the parts, in an order that depends on nothing but the names */
  constructor(names: readonly string[]) {
    const tags = new Set<string>();
    for (const name of names) tags.add(freeTag(name, tags));
    this.#tags = [...tags];
  }

  /** The part's id, if it can be written. */
  usable(id: string): string | undefined {
    if (idForm.test(id)) return id;
    this.#report(`ids without \`~\``, id);
    return undefined;
  }

  /** The id of these places, in the order of the names; `undefined` when none is known. One that is left out is new to `read`. */
  write(ids: readonly (string | undefined)[]): string | undefined {
    let text = '';
    for (let part = 0; part < this.#tags.length; part += 1) {
      const id = ids[part];
      if (id !== undefined) text += `${this.#tags[part]}${id}~`;
    }
    if (text.length > longest) {
      this.#report(`ids that fit into ${longest} characters together`, text);
      return this.write(withoutLongest(ids));
    }
    return text === '' ? undefined : text;
  }

  /** Reads an id that came from outside: `undefined` when it is none of a combination. */
  read(position: string): (string | undefined)[] | undefined {
    if (position.length > longest || !form.test(position)) return undefined;
    const entries = position.slice(0, -1).split('~');
    const ids = new Map(entries.map((entry) => [entry.slice(0, 2), entry.slice(2)]));
    return ids.size < entries.length ? undefined : this.#tags.map((tag) => ids.get(tag));
  }

  /** Once: it would be the same for each message. */
  #report(expected: string, received: string): void {
    if (this.#isReported) return;
    this.#isReported = true;
    const message = `Expected the logs of a combination to have ${expected}, got \`${received.slice(0, 200)}\`; those that come back get a gap`;
    reportError('combine', new TornadoseError('ERR_INVALID_MESSAGE', message, { field: 'id', expected, received }));
  }
}

function withoutLongest(ids: readonly (string | undefined)[]): (string | undefined)[] {
  const lengths = ids.map((id) => id?.length ?? 0);
  return ids.with(lengths.indexOf(Math.max(...lengths)), undefined);
}

function freeTag(name: string, taken: ReadonlySet<string>): string {
  for (let attempt = 0; ; attempt += 1) {
    const tag = tagOf(`${name}${attempt === 0 ? '' : attempt}`);
    if (!taken.has(tag)) return tag;
  }
}

/** 12 bits of FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
function tagOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return compact((hash ^ (hash >>> 12) ^ (hash >>> 24)) & 0xfff).padStart(2, '0');
}
