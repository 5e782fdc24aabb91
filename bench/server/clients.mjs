/** Those who are there, for servers that keep the list themselves. */
export function clientList() {
  const clients = new Set();
  return {
    clients,
    add(client, emitter) {
      clients.add(client);
      emitter.on('close', () => clients.delete(client));
    },
  };
}

export const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' };

export const eventOf = (value) => `data: ${JSON.stringify(value)}\n\n`;

export const chunkOf = (text) => Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
