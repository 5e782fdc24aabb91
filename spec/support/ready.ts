import { type EventEmitter, once } from 'node:events';

/** A client of Redis once it is ready. What becomes of its connection is for a spec to check, and not for ioredis to print. */
export async function ready<Client extends EventEmitter>(client: Client): Promise<Client> {
  client.on('error', () => {});
  await once(client, 'ready');
  return client;
}
