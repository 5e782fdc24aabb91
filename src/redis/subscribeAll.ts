import type { Channel } from './Channel.ts';
import { isReply } from './RedisLike.ts';
import type { SubscriberConnection } from './SubscriberConnection.ts';

/** What became of a SUBSCRIBE. Not called for a connection that is over: its owner knows. */
export interface Outcome {
  acknowledged(channels: readonly Channel[]): void;
  refused(channel: Channel, error: unknown): void;
}

/**
 * Subscribes many channels, `chunk` with one command. One that is forbidden refuses the whole command, so each of its
 * channels is then asked for alone.
 */
export function subscribeAll(
  connection: SubscriberConnection,
  channels: readonly Channel[],
  chunk: number,
  outcome: Outcome,
): void {
  for (let from = 0; from < channels.length; from += chunk) {
    subscribe(connection, channels.slice(from, from + chunk), outcome);
  }
}

function subscribe(connection: SubscriberConnection, channels: readonly Channel[], outcome: Outcome): void {
  for (const channel of channels) channel.ask();
  connection.subscribe(channels.map(({ name }) => name)).then(
    () => {
      if (connection.connected) outcome.acknowledged(channels);
    },
    (error: unknown) => {
      if (!connection.connected) return;
      const [first] = channels;
      if (!isReply(error)) connection.fail(error);
      else if (channels.length > 1) for (const channel of channels) subscribe(connection, [channel], outcome);
      else if (first !== undefined) outcome.refused(first, error);
    },
  );
}
