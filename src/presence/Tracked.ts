import { unserialisable } from '../encoding/Encoder.ts';
import { TornadoseError } from '../errors.ts';
import { checkedName } from '../options.ts';
import type { PresenceMember } from './PresenceChange.ts';

/** How large the JSON of a member may be: it goes to everybody who is there. */
const maxBytes = 64 * 1024;

/** A member as it was given, and its JSON: what is compared, and what other processes see. */
export interface Tracked<M extends PresenceMember> {
  readonly id: string;
  readonly member: M;
  readonly json: string;
}

/** Checks a member at the door. @throws TornadoseError `ERR_INVALID_OPTION`, `ERR_UNSERIALISABLE`, `ERR_TOO_LARGE` */
export function trackedOf<M extends PresenceMember>(member: M): Tracked<M> {
  const id = checkedName('member.id', member?.id, 256);
  const json = jsonOf(member);
  const bytes = new TextEncoder().encode(json).length;
  if (bytes > maxBytes)
    throw new TornadoseError('ERR_TOO_LARGE', `Expected a member of at most ${maxBytes} bytes, got ${bytes}`, {
      bytes,
      limit: maxBytes,
    });
  return { id, member, json };
}

/** The name of a topic. @throws TornadoseError `ERR_INVALID_OPTION` */
export function checkTopic(topic: unknown): void {
  checkedName('topic', topic);
}

function jsonOf(member: unknown): string {
  let json: unknown;
  try {
    json = JSON.stringify(member);
  } catch (error) {
    throw unserialisable(member, error);
  }
  if (typeof json !== 'string') throw unserialisable(member);
  // `JSON.stringify` escapes lone surrogates, so the text itself is always well-formed.
  return json;
}
