import { hashTag } from './keySlot.ts';

/**
 * The name of a key that is in the same slot of a Cluster as `key`, for a client that puts `prefix` before each
 * (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags).
 */
export function slotmate(prefix: string, key: string, suffix: string): string {
  const hasTag = hashTag(prefix + key) !== undefined;
  return hasTag ? `${key}:${suffix}` : `{${prefix}${key}}:${suffix}`;
}

/** Whether there is such a name: what is not a tag of its own becomes one, which has to end where it ends. */
export function hasMates(key: string): boolean {
  return hashTag(key) !== undefined || !/[{}]/.test(key);
}
