import type { Redis } from 'ioredis';

/** Says once that Redis cannot be reached, and once that it is back; ioredis goes on trying by itself. */
export function sayWhenDown(redis: Redis, url: string): void {
  // The address may have a password in it.
  const where = url.replace(/\/\/.*@/, '//');
  let down = false;
  redis.on('error', (error: NodeJS.ErrnoException) => {
    if (!down) console.error(`No Redis at ${where} (${error.code ?? error.message}). Trying again until there is one.`);
    down = true;
  });
  redis.on('ready', () => {
    if (down) console.log(`Redis at ${where} is there now.`);
    down = false;
  });
}
