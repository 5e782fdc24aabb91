import { reportError } from '../diagnostics.ts';
import { TornadoseError } from '../errors.ts';
import type { PresenceMember } from '../presence/PresenceChange.ts';
import type { Tracked } from '../presence/Tracked.ts';
import { json as jsonCodec } from './Codec.ts';

/** A member by its JSON. What cannot be read is reported, and `undefined`. */
export function parseTracked<M extends PresenceMember>(json: string, channel: string): Tracked<M> | undefined {
  try {
    const member = jsonCodec.decode<M>(json);
    if (typeof member?.id !== 'string') throw new SyntaxError('Expected a member with an id');
    return { id: member.id, member, json };
  } catch (cause) {
    const bytes = Buffer.byteLength(json);
    const message = `Expected a member of ${JSON.stringify(channel)}, got ${bytes} bytes that are none`;
    reportError('presence', new TornadoseError('ERR_UNREADABLE', message, { channel, bytes }, { cause }));
    return undefined;
  }
}
