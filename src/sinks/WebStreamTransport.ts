import { bytesOf } from '../encoding/bytes.ts';
import type { CloseReason } from '../flow/ConnectionEvent.ts';
import type { Refusal } from '../flow/Refusal.ts';
import { OwnedTransport } from '../flow/Transport.ts';
import { type EventStreamAnswer, retryField } from './eventStreamFormat.ts';

/** As much as Node's sockets take before they say that it is enough. */
const highWaterMark = 16 * 1024;

/** A request that may be aborted. */
interface Aborting {
  readonly signal?: AbortSignal | null | undefined;
}

/** The way to a client as the body of a web-standard `Response`. */
export class WebStreamTransport extends OwnedTransport {
  override get copies(): boolean {
    return true;
  }

  readonly body: ReadableStream<Uint8Array>;
  /** The status of an answer without a body, when the source ended at once. */
  status: number | undefined;
  /** Why the gate has turned the client away, if it has. */
  refusal: Refusal | undefined;

  readonly #answer: EventStreamAnswer;
  /** Kept while the stream lives: Node lets go of the link to its signal with the request, and nobody would hear of the abort. */
  readonly #request: Aborting;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #opened = false;
  #done = false;
  #last: 'close' | 'error' | undefined;

  constructor(answer: EventStreamAnswer, request: Aborting) {
    super();
    this.#answer = answer;
    this.#request = request;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pulled(),
        cancel: () => this.#left(),
      },
      { highWaterMark, size: (bytes) => bytes.length },
    );
  }

  override open(): void {
    this.#opened = true;
    if (this.#answer.prelude !== '') this.write(bytesOf(this.#answer.prelude));
    this.#request.signal?.addEventListener('abort', this.#aborted, { once: true });
    if (this.#request.signal?.aborted) this.#aborted();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#done) return true;
    // A copy: whoever reads a web stream owns its chunks, and may change them or hand their memory to another thread.
    this.#controller.enqueue(new Uint8Array(bytes));
    return (this.#controller.desiredSize ?? 0) > 0;
  }

  get waiting(): number {
    return this.#done ? 0 : highWaterMark - (this.#controller.desiredSize ?? highWaterMark);
  }

  listen(): void {}

  refuse(refusal: Refusal): void {
    this.refusal = refusal;
    this.#left();
  }

  end(reason: CloseReason, retry?: number): void {
    if (!this.#opened) {
      this.status = reason === 'error' ? 500 : 204;
      this.#left();
    } else if (reason === 'error') {
      this.#endWhenRead('error');
    } else if (!this.#done) {
      const last = retry !== undefined ? retryField(retry) : reason === 'complete' ? this.#answer.farewell : '';
      if (last !== '') this.write(bytesOf(last));
      // A process that is about to exit waits for the reader; otherwise what is queued is its own from now on.
      if (reason === 'drain') this.#endWhenRead('close');
      else this.#close();
    }
  }

  destroy(reason: CloseReason): void {
    if (this.#done) return;
    // Lets go of what is queued, which a close would keep for a reader that may never come.
    this.#controller.error(new Error(`The stream was closed by the server: ${reason}`));
    this.#left();
  }

  readonly #aborted = (): void => {
    if (this.#done) return;
    this.#left();
    // A server that notices the leaving too cancels the body in the same turn, and would log an error that came before.
    queueMicrotask(() => this.#controller.error(this.#request.signal?.reason));
  };

  #pulled(): void {
    if (this.#last !== undefined) this.#endIfRead();
    else if (this.#opened) this.owner.transportDrained();
  }

  /** An error would take what is queued with it, so it waits until that is read. */
  #endWhenRead(last: 'close' | 'error'): void {
    this.#last = last;
    this.#endIfRead();
  }

  #endIfRead(): void {
    if (this.#done || this.waiting > 0) return;
    if (this.#last === 'error') this.destroy('error');
    else this.#close();
  }

  #close(): void {
    this.#controller.close();
    this.#left();
  }

  #left(): void {
    this.#done = true;
    this.#request.signal?.removeEventListener('abort', this.#aborted);
    this.owner.transportClosed();
  }
}
