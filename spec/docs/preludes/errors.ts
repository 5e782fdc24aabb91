// What the code in docs/errors.md takes for granted.
import type { RedisStore } from 'tornadose/redis';

export declare const store: RedisStore;
