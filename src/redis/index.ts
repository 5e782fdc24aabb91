/* Stores */
export type { Codec, JsonCodec } from './Codec.ts';
/* Codecs */
export { json, text } from './Codec.ts';
export type { PublishingSettings } from './Publisher.ts';
/* What is expected of ioredis */
export type {
  ClusterNodeLike,
  CommandsLike,
  DuplicatedLike,
  DuplicateLike,
  ReaderLike,
  RedisClusterLike,
  RedisLike,
  RedisStreamClusterLike,
  RedisStreamLike,
  ScriptCommandsLike,
  StreamCommandsLike,
  SubscriberLike,
  SubscriberOptions,
} from './RedisLike.ts';
/* Presence */
export { RedisPresence, type RedisPresenceOptions } from './RedisPresence.ts';
export { RedisStore, type RedisStoreOptions, type RedisStoreSettings } from './RedisStore.ts';
export { RedisStreamStore, type RedisStreamStoreOptions, type SubmitOptions } from './RedisStreamStore.ts';
