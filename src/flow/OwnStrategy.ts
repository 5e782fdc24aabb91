import { BehaviorSubject, filter, type Observable } from 'rxjs';
import { encodeOnce } from '../encoding/encodeOnce.ts';
import { Frame } from '../encoding/Frame.ts';
import type { BackpressureOperator } from '../operators/BackpressureOperator.ts';
import { Outbox } from './Outbox.ts';

/**
 * The outbox of a client with a strategy of somebody's own in front. Values are encoded before it, as it may keep one for
 * long, and only while a value is emitted does nobody change it.
 */
export class OwnStrategy<T> extends Outbox<T> {
  readonly #readiness: BehaviorSubject<boolean> = new BehaviorSubject(true);
  readonly #encoded = new WeakMap<object, Frame>();

  /** The source behind the strategy. */
  behindStrategy(operator: BackpressureOperator<T>, source: Observable<T>): Observable<T> {
    const outbox = this;
    const outlet = {
      bytesOf: (value: T) => this.encoded(value).length,
      get waiting() {
        return outbox.behind;
      },
      dropped: (value: T, why: string) => this.countDrop(why, this.encoded(value).length),
    };
    return operator(this.#readiness, outlet)(source.pipe(filter((value) => this.#encode(value))));
  }

  override next(value: T): void {
    super.next(value);
    this.changed();
  }

  override close(): void {
    super.close();
    this.#readiness.complete();
  }

  /** The frame of a value that the strategy emits, as the value was when it came in. */
  protected override encoded(value: T): Frame {
    const encoded = isObject(value) ? this.#encoded.get(value) : undefined;
    return encoded ?? this.#frameOf(value);
  }

  /** Tells the strategy whether the client can take more, where that has changed. */
  protected override changed(): void {
    const ready = this.canTake || this.makeRoom();
    if (this.#readiness.value !== ready) this.#readiness.next(ready);
  }

  #encode(value: T): boolean {
    const frame = this.#frameOf(value);
    if (isObject(value)) this.#encoded.set(value, frame);
    if (frame.isUnserialisable) this.countDrop('unserialisable', 0);
    return !frame.isUnserialisable;
  }

  #frameOf(value: T): Frame {
    const encoded = encodeOnce(this.encoder, value);
    return typeof encoded === 'string' ? new Frame(value, encoded) : encoded;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
