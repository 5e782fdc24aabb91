import { type ConnectionOwner, leastPatience, OwnConnection, silence } from './OwnConnection.ts';
import { isReply, type ReaderLike } from './RedisLike.ts';
import { handled } from './rejected.ts';
import { byKey, type StreamEntry } from './StreamEntry.ts';

/** For how many ms one read waits for something to come: a wait without end is one that nobody can tell from a lost one. */
export const block = 2_000;

/** One connection that reads streams, from its start to its end. A read that is not answered in time is a lost connection. */
export class ReaderConnection extends OwnConnection<ReaderLike> {
  readonly #patience: number;
  #watch: ReturnType<typeof setTimeout> | undefined;
  /** What CLIENT UNBLOCK knows it by. */
  #id: number | undefined;
  #reading = 0;

  constructor(client: ReaderLike, patience: number, owner: ConnectionOwner) {
    super(client, owner);
    this.#patience = Math.max(patience, leastPatience);
  }

  /** Its name for CLIENT UNBLOCK, while it waits for an answer. */
  get blockedId(): number | undefined {
    return this.#reading > 0 ? this.#id : undefined;
  }

  /** What comes to the streams after an entry each, by key: nothing after a while. It rejects with what Redis says. */
  read(after: ReadonlyMap<string, string>, count: number): Promise<[key: string, entries: StreamEntry[]][]> {
    const { client } = this;
    const ask = () => client.xreadBuffer('COUNT', count, 'BLOCK', block, 'STREAMS', ...after.keys(), ...after.values());
    return this.#answer(block + this.#patience, ask);
  }

  /** What has come already. */
  poll(after: ReadonlyMap<string, string>, count: number): Promise<[key: string, entries: StreamEntry[]][]> {
    const { client } = this;
    const ask = () => client.xreadBuffer('COUNT', count, 'STREAMS', ...after.keys(), ...after.values());
    return this.#answer(this.#patience, ask);
  }

  async #answer(wait: number, ask: () => Promise<unknown>): Promise<[key: string, entries: StreamEntry[]][]> {
    // A process that was busy for long finds its timers due before it has read what is in the socket.
    this.#watch ??= setTimeout(() => setImmediate(() => this.#reading > 0 && this.fail(silence('XREAD', wait))), wait);
    this.#reading += 1;
    try {
      return byKey(await ask());
    } catch (error) {
      if (!isReply(error)) this.fail(error);
      throw error;
    } finally {
      this.#reading -= 1;
      if (this.#reading === 0) {
        clearTimeout(this.#watch);
        this.#watch = undefined;
      }
    }
  }

  override close(): void {
    clearTimeout(this.#watch);
    super.close();
  }

  protected override opened(): void {
    // A user that may not ask for it is woken by the end of the wait alone.
    handled(
      this.client.client('ID').then((id) => {
        this.#id = Number(id);
      }),
    );
  }
}
