import type { Observable, OperatorFunction } from 'rxjs';
import { type BrowserSinkOptions, type ConnectionEvent, toEventSource, toWebSocket } from 'tornadose';
import { type OpenDoors, openDoors } from './doors.ts';

/** Pipes a source to whoever has come, whichever way that is. */
export type Connect = <T>(source: Observable<T>, options?: BrowserSinkOptions<T>) => Observable<ConnectionEvent>;

const pipe = <T>(source: Observable<T>, sink: OperatorFunction<T, ConnectionEvent>): Observable<ConnectionEvent> =>
  source.pipe(sink);

/** Opens doors behind which it is the same for all: `accept` pipes what is asked for to those who come. */
export function serveSources(accept: (url: URL, connect: Connect) => void): Promise<OpenDoors> {
  const at = (path: string): URL => new URL(path, 'http://127.0.0.1');
  return openDoors({
    http: (req, res) => accept(at(req.url ?? ''), (source, options) => pipe(source, toEventSource(res, options))),
    http2: (req, res) => accept(at(req.url), (source, options) => pipe(source, toEventSource(res, options))),
    webSocket: (ws, req) => accept(at(req.url ?? ''), (source, options) => pipe(source, toWebSocket(ws, options))),
  });
}
