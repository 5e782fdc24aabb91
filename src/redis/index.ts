/* Stores */
export type { Codec, JsonCodec } from './Codec.ts';
/* Codecs */
export { json, text } from './Codec.ts';
/* What is expected of ioredis */
export type { CommandsLike, RedisClusterLike, RedisLike, SubscriberLike, SubscriberOptions } from './RedisLike.ts';
export { RedisStore, type RedisStoreOptions, type RedisStoreSettings } from './RedisStore.ts';
