import { unref } from '../unref.ts';
import { refusedBy } from './Commands.ts';
import { type ConnectionOwner, duplicate, leastPatience, OwnConnection, silence } from './OwnConnection.ts';
import type { PubSub } from './PubSub.ts';
import { type DuplicatedLike, isReply, type RedisClusterLike, type SubscriberLike } from './RedisLike.ts';
import { handled } from './rejected.ts';

/** What a connection that subscribes tells the subscriber that it belongs to. */
export interface SubscriberConnectionOwner extends ConnectionOwner {
  received(channel: string, payload: Uint8Array): void;
}

/**
 * One connection that subscribes, from its start to its end. When it says nothing for `patience` ms, a second at least, it
 * is asked with a PING, and is lost when it does not answer in as long.
 */
export class SubscriberConnection extends OwnConnection<SubscriberLike> {
  readonly #pubSub: PubSub;
  readonly #watch: ReturnType<typeof setInterval>;
  #heard = true;
  #asked = false;

  constructor(
    redis: DuplicatedLike | RedisClusterLike,
    pubSub: PubSub,
    patience: number,
    owner: SubscriberConnectionOwner,
  ) {
    super(duplicate(redis), owner);
    this.#pubSub = pubSub;
    this.client.on(pubSub.message, (channel, payload) => {
      if (this.closed) return;
      this.#heard = true;
      owner.received(channel.toString(), payload);
    });
    // A slot has moved to another node, and with it channels that ioredis does not name. It says so for those that are
    // asked for (version 5 then leaves them without an answer), and 6 for those that are subscribed, of which 5 says
    // that it did not ask.
    const moved = (): void => this.fail(refusedBy('SSUBSCRIBE', 'MOVED'));
    this.client.on('moved', moved);
    this.client.on('error', (error) => {
      if (!this.connected) return;
      if (/reply: sunsubscribe/.test(error.message)) moved();
      else this.fail(error);
    });
    const wait = Math.max(patience, leastPatience);
    // The socket keeps a process running, a watch alone does not.
    this.#watch = unref(setInterval(() => this.#check(wait), wait));
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#hear(this.client[this.#pubSub.subscribe](...channels));
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#hear(this.client[this.#pubSub.unsubscribe](channel));
  }

  override close(): void {
    clearInterval(this.#watch);
    super.close();
  }

  protected override opened(): void {
    this.#heard = true;
  }

  #check(patience: number): void {
    if (this.#heard) {
      this.#heard = false;
      this.#asked = false;
    } else if (this.connected && !this.#asked) {
      this.#asked = true;
      handled(this.#hear(this.client.ping()));
    } else {
      // A process that was busy for long finds its timers due before it has read what is in the socket.
      setImmediate(() => {
        if (!this.#heard) this.fail(silence('PING', patience));
      });
    }
  }

  #hear(reply: Promise<unknown>): Promise<unknown> {
    const heard = (): void => {
      this.#heard = true;
    };
    reply.then(heard, (error) => {
      if (isReply(error)) heard();
    });
    return reply;
  }
}
