// A Redis channel in a page. Anything that can PUBLISH can publish: `npm run demo -- redis-publisher` in another
// terminal, or `redis-cli PUBLISH tornadose hello`. REDIS_URL says where Redis is.
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { merge } from 'rxjs';
import { toEventSource } from 'tornadose';
import { RedisStore } from 'tornadose/redis';
import { listen } from './support/listen.ts';
import { sendPage } from './support/page.ts';
import { sayWhenDown } from './support/sayWhenDown.ts';

const url = process.env.REDIS_URL ?? 'redis://localhost:6379';
const redis = new Redis(url);
sayWhenDown(redis, url);
const store = new RedisStore({ redis, channel: 'tornadose' });

const server = createServer((req, res) => {
  if (req.url === '/stream') {
    // `gaps` tells the page when the connection to Redis was lost, and with it perhaps some messages.
    void merge(store, store.gaps).pipe(toEventSource(res));
  } else {
    sendPage(
      res,
      'A Redis channel',
      'What anybody publishes to the channel <code>tornadose</code>.',
      '<ol aria-live="polite"></ol>',
      `const list = document.querySelector('ol');
       const say = (line) => {
         list.append(Object.assign(document.createElement('li'), { textContent: line }));
         list.scrollTop = list.scrollHeight;
       };
       const source = new EventSource('/stream');
       source.onmessage = ({ data }) => say(data);
       source.addEventListener('gap', () => say('(the connection to Redis was lost: something may be missing here)'));`,
    );
  }
});

listen(server, 'redis-pubsub', '/stream');
