/** One of the two kinds of Pub/Sub of Redis: its commands, and what ioredis calls a message of it. */
export interface PubSub {
  readonly publish: 'publish' | 'spublish';
  readonly subscribe: 'subscribe' | 'ssubscribe';
  readonly unsubscribe: 'unsubscribe' | 'sunsubscribe';
  readonly message: 'messageBuffer' | 'smessageBuffer';
  /** How many channels one command names. */
  readonly chunk: number;
}

/** A message goes to every node of a Cluster. */
export const plain: PubSub = {
  publish: 'publish',
  subscribe: 'subscribe',
  unsubscribe: 'unsubscribe',
  message: 'messageBuffer',
  chunk: 100,
};

/**
 * A message stays with the node of a Cluster that has the channel's slot, and one command may not name channels of two
 * slots (https://redis.io/docs/latest/develop/pubsub/#sharded-pubsub).
 */
export const sharded: PubSub = {
  publish: 'spublish',
  subscribe: 'ssubscribe',
  unsubscribe: 'sunsubscribe',
  message: 'smessageBuffer',
  chunk: 1,
};
