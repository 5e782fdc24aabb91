// Written by hand: a generator to one client, which waits for it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { headers } from './clients.mjs';
import { madeTexts } from './value.mjs';

const writers = {
  /** `res.write` of each event. */
  async write(res, texts) {
    for (const text of texts) if (!res.write(`data: ${text}\n\n`)) await once(res, 'drain');
  },
  /** The same of 64 KiB at a time. */
  async joined(res, texts) {
    let block = '';
    for (const text of texts) {
      block += `data: ${text}\n\n`;
      if (block.length < 64 * 1024) continue;
      if (!res.write(block)) await once(res, 'drain');
      block = '';
    }
    res.write(block);
  },
};

export function start(variant) {
  const server = createServer(async (req, res) => {
    res.writeHead(200, headers);
    await writers[variant](res, madeTexts(req));
    res.end();
  });
  return { server };
}
