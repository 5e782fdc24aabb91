import { invalidOption } from '../options.ts';

/** Refuses what is no client of ioredis, which has `method`, and can be duplicated, or has nodes that can. */
export function checkClient(redis: object | null | undefined, method: string): void {
  const isCallable = typeof (redis as Record<string, unknown> | null | undefined)?.[method] === 'function';
  if (!isCallable || !('duplicate' in (redis as object) || 'nodes' in (redis as object)))
    throw invalidOption('redis', 'a client of ioredis', redis);
}
