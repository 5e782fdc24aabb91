import { BehaviorSubject, filter, type Observable } from 'rxjs';
import type { Encoder } from '../encoding/Encoder.ts';
import { encodeOnce } from '../encoding/encodeOnce.ts';
import type { Frame } from '../encoding/Frame.ts';
import type { BackpressureOperator } from '../operators/BackpressureOperator.ts';
import type { Outbox, OutboxOwner } from './Outbox.ts';

/**
 * A strategy of somebody's own, between the source and the outbox of one client. Values are encoded before it, as it may
 * keep one for long, and only while a value is emitted does nobody change it.
 */
export class OwnStrategy<T> {
  readonly #encoder: Encoder;
  readonly #outbox: Outbox;
  readonly #owner: OutboxOwner;
  readonly #readiness: BehaviorSubject<boolean> = new BehaviorSubject(true);
  readonly #encoded = new WeakMap<object, Frame>();

  constructor(encoder: Encoder, outbox: Outbox, owner: OutboxOwner) {
    this.#encoder = encoder;
    this.#outbox = outbox;
    this.#owner = owner;
  }

  /** The source behind the strategy. */
  apply(operator: BackpressureOperator<T>, source: Observable<T>): Observable<T> {
    const outbox = this.#outbox;
    const outlet = {
      bytesOf: (value: T) => this.frameOf(value).length,
      get waiting() {
        return outbox.behind;
      },
      dropped: (value: T, why: string) => this.#owner.countDrop(why, this.frameOf(value).length),
    };
    return operator(this.#readiness, outlet)(source.pipe(filter((value) => this.#encode(value))));
  }

  /** The frame of a value that the strategy emits, as the value was when it came in. */
  frameOf(value: T): Frame {
    const encoded = isObject(value) ? this.#encoded.get(value) : undefined;
    return encoded ?? encodeOnce(this.#encoder, value);
  }

  /** Tells the strategy whether the client can take more, where that has changed. */
  tell(): void {
    const ready = this.#outbox.ready || this.#outbox.makeRoom();
    if (this.#readiness.value !== ready) this.#readiness.next(ready);
  }

  end(): void {
    this.#readiness.complete();
  }

  #encode(value: T): boolean {
    const frame = encodeOnce(this.#encoder, value);
    if (isObject(value)) this.#encoded.set(value, frame);
    if (frame.bytes === undefined) this.#owner.countDrop('unserialisable', 0);
    return frame.bytes !== undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
