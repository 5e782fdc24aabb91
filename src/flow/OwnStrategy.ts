import { BehaviorSubject, filter, type Observable } from 'rxjs';
import { encodeOnce } from '../encoding/encodeOnce.ts';
import type { Frame } from '../encoding/Frame.ts';
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
      bytesOf: (value: T) => this.frameOf(value).length,
      get waiting() {
        return outbox.behind;
      },
      dropped: (value: T, why: string) => this.countDrop(why, this.frameOf(value).length),
    };
    return operator(this.#readiness, outlet)(source.pipe(filter((value) => this.#encode(value))));
  }

  override close(): void {
    super.close();
    this.#readiness.complete();
  }

  /** The frame of a value that the strategy emits, as the value was when it came in. */
  protected override frameOf(value: T): Frame {
    const encoded = isObject(value) ? this.#encoded.get(value) : undefined;
    return encoded ?? encodeOnce(this.encoder, value);
  }

  /** Tells the strategy whether the client can take more, where that has changed. */
  protected override changed(): void {
    const ready = this.ready || this.makeRoom();
    if (this.#readiness.value !== ready) this.#readiness.next(ready);
  }

  #encode(value: T): boolean {
    const frame = encodeOnce(this.encoder, value);
    if (isObject(value)) this.#encoded.set(value, frame);
    if (frame.isUnserialisable) this.countDrop('unserialisable', 0);
    return !frame.isUnserialisable;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
