import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { concatWith, EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import {
  type ConnectionEvent,
  DataStore,
  Gate,
  QueueStore,
  type ResponseOptions,
  TornadoseError,
  toResponse,
} from 'tornadose';

const request = (init?: RequestInit): Request => new Request('http://spec/', init);

/** Options that record what the connection tells. */
function recorded<T>(options: ResponseOptions<T> = {}): { events: ConnectionEvent[]; options: ResponseOptions<T> } {
  const events: ConnectionEvent[] = [];
  return { events, options: { ...options, onEvent: (event) => events.push(event) } };
}

const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe('toResponse', () => {
  it('should answer with the headers of an event stream', async () => {
    const response = toResponse(NEVER, request(), { headers: { 'Set-Cookie': ['a=1', 'b=2'], 'X-Own': 'yes' } });
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    expect(response.headers.get('cache-control')).to.equal('no-cache, no-transform');
    expect(response.headers.get('x-accel-buffering')).to.equal('no');
    expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    expect(response.headers.get('x-own')).to.equal('yes');
    await response.body?.cancel();
  });

  it('should take headers as a framework hands them out, with some that are undefined', async () => {
    const response = toResponse(NEVER, request(), {
      headers: { 'X-Own': 'yes', vary: undefined, 'Cache-Control': undefined },
    });
    expect(response.headers.get('x-own')).to.equal('yes');
    expect(response.headers.has('vary')).to.equal(false);
    expect(response.headers.get('cache-control')).to.equal('no-cache, no-transform');
    await response.body?.cancel();
  });

  it('should stream what the source emits, and then its end', async () => {
    const response = toResponse(of('a', { b: 1 }), request(), { retry: 1000 });
    expect(await response.text()).to.equal('retry: 1000\n\ndata: a\n\ndata: {"b":1}\n\nevent: end\ndata:\n\n');
  });

  it('should answer 204 or 500 when the source ends at once with nothing emitted', async () => {
    const completed = recorded();
    expect(toResponse(EMPTY, request(), completed.options).status).to.equal(204);
    expect(completed.events).to.deep.equal([{ type: 'close', reason: 'complete' }]);
    const error = new Error('no');
    const failed = recorded();
    expect(
      toResponse(
        throwError(() => error),
        request(),
        failed.options,
      ).status,
    ).to.equal(500);
    expect(failed.events).to.deep.equal([{ type: 'close', reason: 'error', error }]);
  });

  it('should unsubscribe at once when the body is cancelled', async () => {
    const store = new QueueStore<number>();
    const { events, options } = recorded<number>();
    const response = toResponse(store, request(), options);
    expect(store.observed).to.equal(true);
    await response.body?.cancel();
    expect(store.observed).to.equal(false);
    expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'client' });
  });

  it('should unsubscribe when the request is aborted, before or later', async () => {
    const store = new QueueStore<number>();
    const leaving = new AbortController();
    const response = toResponse(store, request({ signal: leaving.signal }));
    expect(store.observed).to.equal(true);
    leaving.abort();
    expect(store.observed).to.equal(false);
    const failure = await response.text().catch((error: Error) => error);
    expect(failure).to.have.property('name', 'AbortError');
    const { events, options } = recorded<number>();
    toResponse(store, request({ signal: AbortSignal.abort() }), options);
    expect(store.observed).to.equal(false);
    expect(events).to.deep.equal([{ type: 'close', reason: 'client' }]);
  });

  it('should give a server nothing to log that cancels the body in the turn in which it aborts the request', async () => {
    const store = new QueueStore<number>();
    const leaving = new AbortController();
    const { events, options } = recorded<number>();
    const response = toResponse(store, request({ signal: leaving.signal }), options);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    store.next(1);
    leaving.abort();
    await reader.cancel();
    await reader.closed;
    expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'client' });
  });

  it('should unsubscribe when a request is aborted that nobody else has kept', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const store = new QueueStore<number>();
    const leaving = new AbortController();
    const response = toResponse(store, request({ signal: leaving.signal }));
    for (let times = 0; times < 3; times += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
    }
    leaving.abort();
    expect(store.observed).to.equal(false);
    expect(response.bodyUsed).to.equal(false);
  });

  it('should let the reader have what came before the source failed, and then the failure', async () => {
    const source = new Subject<string>();
    const { options } = recorded<string>();
    const reader = (toResponse(source, request(), options).body as ReadableStream<Uint8Array>).getReader();
    source.next('a');
    source.error(new Error('no'));
    expect(decode((await reader.read()).value)).to.equal('data: a\n\n');
    const failure = await reader.read().catch((error: Error) => error);
    expect(failure).to.be.an('error');
  });

  it('should be drained when the reader has read all, and no earlier', async () => {
    const gate = new Gate();
    const response = toResponse(of('a').pipe(concatWith(NEVER)), request(), { gate, retry: 2000 });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let isDrained = false;
    const drained = gate.drain({ over: 0, timeout: 60_000 }).finally(() => {
      isDrained = true;
    });
    let text = '';
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (text.split('\n\n').length < 4) expect([isDrained, gate.size]).to.deep.equal([false, 1]);
      const { value, done } = await reader.read();
      if (done) break;
      text += decode(value);
    }
    expect(text).to.match(/^retry: 2000\n\ndata: a\n\nretry: \d+\n\n$/);
    expect(await drained).to.deep.equal({ ended: 1, cut: 0 });
  });

  it('should be cut by a drain when nobody reads, and done when the reader leaves', async () => {
    const [gate, other] = [new Gate(), new Gate()];
    const unread = toResponse(NEVER, request(), { gate, retry: 2000 });
    expect(await gate.drain({ over: 0, timeout: 20 })).to.deep.equal({ ended: 0, cut: 1 });
    const failure = await unread.text().catch((error: Error) => error);
    expect(failure).to.have.property('message', 'The stream was closed by the server: drain');
    const left = toResponse(NEVER, request(), { gate: other, retry: 2000 });
    const drained = other.drain({ over: 0, timeout: 60_000 });
    await left.body?.cancel();
    expect(await drained).to.deep.equal({ ended: 1, cut: 0 });
  });

  it('should hand out bytes that the reader may change, or give away', async () => {
    const store = new QueueStore<string>();
    const [first, second] = [toResponse(store, request()), toResponse(store, request())].map((response) =>
      (response.body as ReadableStream<Uint8Array>).getReader(),
    );
    store.next('shared');
    const bytes = (await first?.read())?.value as Uint8Array;
    structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
    expect(decode((await second?.read())?.value)).to.equal('data: shared\n\n');
    await Promise.all([first?.cancel(), second?.cancel()]);
  });

  it('should answer HEAD with the headers alone', () => {
    const store = new DataStore(1);
    const { events, options } = recorded<number>();
    const response = toResponse(store, request({ method: 'HEAD' }), options);
    expect(response.body).to.equal(null);
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    expect(events[0]).to.deep.include({ type: 'close', reason: 'refused' });
    expect(store.observed).to.equal(false);
  });

  it('should refuse wrong arguments', () => {
    const store = new DataStore(1);
    for (const options of [{ status: 204 }, { headers: { 'bad name': 'x' } }, { headers: { 'x-a': 'a\nb' } }]) {
      expect(() => toResponse(store, request(), options)).to.throw(TornadoseError);
    }
    expect(store.observed).to.equal(false);
    expect(() => toResponse(5 as never, request())).to.throw(
      TornadoseError,
      'Expected `source` to be an Observable, got `5` (number)',
    );
    expect(() => toResponse(NEVER, undefined as never)).to.throw(TornadoseError, 'Expected `request` to be a Request');
    expect(() => toResponse(NEVER, request(), { onEvent: 1 as never })).to.throw(TornadoseError, '`onEvent`');
    for (const session of [null, 'one', 1])
      expect(() => toResponse(NEVER, request(), { session: session as never })).to.throw(
        TornadoseError,
        'Expected `session` to be an HTTP/2 session',
      );
  });
});
