import type { RedisServer } from '../../support/RedisServer.ts';
import { seqOf } from './marks.ts';

/** The numbers of the events of a stream, in its order, as its server has them. */
export async function inRedis(server: RedisServer, key: string): Promise<number[]> {
  const entries = JSON.parse(await server.cli('--json', 'XRANGE', key, '-', '+')) as [id: string, fields: string[]][];
  return entries.flatMap(([, fields]) => {
    const index = fields.indexOf('data');
    // The first entry of a stream has none.
    return index === -1 ? [] : [seqOf(JSON.parse(fields[index + 1] ?? '') as string)];
  });
}
