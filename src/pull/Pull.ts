import { reportError } from '../diagnostics.ts';

/** A source that gives one value at a time, when it is asked. */
export interface Pull<T> {
  next(): IteratorResult<T, unknown> | PromiseLike<IteratorResult<T, unknown>>;
  /** It will not be asked again. */
  return(): void;
}

/** What can be pulled from. */
export type Pullable<T> = Iterable<T> | AsyncIterable<T> | ReadableStream<T>;

/** How to begin with a source, `undefined` for what is none. */
export function pullFrom<T>(source: Pullable<T>): (() => Pull<T>) | undefined {
  if (source === null || source === undefined) return undefined;
  // Before its iterator, which not all runtimes have.
  if (typeof (source as ReadableStream<T>).getReader === 'function')
    return () => pullStream(source as ReadableStream<T>);
  const { [Symbol.asyncIterator]: later } = source as Partial<AsyncIterable<T>>;
  if (typeof later === 'function') return () => pullIterator((source as AsyncIterable<T>)[Symbol.asyncIterator]());
  const { [Symbol.iterator]: now } = source as Partial<Iterable<T>>;
  if (typeof now === 'function') return () => pullIterator((source as Iterable<T>)[Symbol.iterator]());
  return undefined;
}

function pullIterator<T>(iterator: Iterator<T> | AsyncIterator<T>): Pull<T> {
  return {
    next: () => iterator.next(),
    return: () => quietly(() => iterator.return?.()),
  };
}

function pullStream<T>(stream: ReadableStream<T>): Pull<T> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<T, unknown>>,
    return: () => quietly(() => reader.cancel()),
  };
}

/** Whoever asked is gone, so what goes wrong now is nobody's error, and no reason for an unhandled rejection. */
function quietly(stop: () => unknown): void {
  const report = (error: unknown): void => reportError('return', error);
  try {
    const stopped = stop();
    if (stopped instanceof Promise) stopped.catch(report);
  } catch (error) {
    report(error);
  }
}
