import { type Observable, of } from 'rxjs';
import { reportConnection } from '../diagnostics.ts';
import { type ErrorFacts, TornadoseError } from '../errors.ts';
import type { CloseEvent, ConnectionEvent } from '../flow/ConnectionEvent.ts';

/** Why nothing can be written. */
export type RefusedState = ErrorFacts['ERR_REFUSED']['state'];

const gists: Record<RefusedState, string> = {
  ended: 'one that has ended',
  destroyed: 'one that was destroyed',
  started: 'one whose headers are sent already',
  closed: 'one that is not open',
  head: 'the answer to a HEAD request, which has no body',
};

/** Nothing can be written to a response or socket. */
export function unwritable(what: string, state: RefusedState): TornadoseError {
  return new TornadoseError('ERR_REFUSED', `Expected ${what} that can be written to, got ${gists[state]}`, { state });
}

/** The connection that never was: its one event is `close`, with the reason `refused`. */
export function refused(sink: string, error: TornadoseError): Observable<ConnectionEvent> {
  return closed(sink, { type: 'close', reason: 'refused', error });
}

/** The connection that was over before it began. */
export function closed(sink: string, event: CloseEvent): Observable<ConnectionEvent> {
  reportConnection(sink, event);
  return of(event);
}
