// Checked by `tsc`, never run.

import type { ServerResponse } from 'node:http';
import { expectTypeOf } from 'expect-type';
import { map, merge, type Observable } from 'rxjs';
import {
  type ConnectionEvent,
  type Message,
  Presence,
  type PresenceChange,
  type PresenceMember,
  type PresenceState,
  QueueStore,
  toEventSource,
} from 'tornadose';

interface Guest {
  readonly id: string;
  readonly name: string;
}

declare const res: ServerResponse;
const guest: Guest = { id: '1', name: 'Ann' };
const presence = new Presence<Guest>({ linger: 0, countInterval: 100 });

/* What passes `track` stays what it is, on the way to a sink. */
const log = new QueueStore<number>();
expectTypeOf(log.pipe(presence.track('room', guest), toEventSource(res))).toEqualTypeOf<Observable<ConnectionEvent>>();
expectTypeOf(
  log.pipe(
    presence.track('room', guest),
    map((n) => n.toFixed()),
  ),
).toEqualTypeOf<Observable<string>>();
void merge(log.since(), presence.of('room')).pipe(presence.track('room', guest), toEventSource(res));

/* Those who watch. */
expectTypeOf(presence.of('room')).toEqualTypeOf<Observable<Message<PresenceState<Guest> | PresenceChange<Guest>>>>();
expectTypeOf(presence.changes('room')).toEqualTypeOf<Observable<PresenceChange<Guest>>>();
expectTypeOf(presence.counts('room')).toEqualTypeOf<Observable<number>>();
expectTypeOf(presence.members('room')).toEqualTypeOf<Promise<readonly Guest[]>>();
expectTypeOf(presence.count('room')).toEqualTypeOf<Promise<number>>();

/* A member has an id, and an id may be all of it. */
expectTypeOf(new Presence()).toEqualTypeOf<Presence<PresenceMember>>();
new Presence().track('room', { id: '1' });
// @ts-expect-error no id
presence.track('room', { name: 'Ann' });
// @ts-expect-error no name
presence.track('room', { id: '1' });
// @ts-expect-error no member
new Presence<string>();
// @ts-expect-error no such option
new Presence({ lingers: 0 });
