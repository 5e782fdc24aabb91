// Who is in this room: a list of names that is live in every page. With REDIS_URL it is one room for all processes that
// have the same: start a second one with another PORT, and kill it.
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { Presence, type PresenceOptions, toEventSource } from 'tornadose';
import { RedisPresence } from 'tornadose/redis';
import { listen, onLeaving } from './support/listen.ts';
import { sendPage } from './support/page.ts';
import { presencePage } from './support/presencePage.ts';
import { sayWhenDown } from './support/sayWhenDown.ts';

interface Guest {
  readonly id: string;
  readonly name: string;
}

// A page that is reloaded, or that was told to come back later by a drain, is back before that, and has never left.
const linger = 4_000;
const presence = presenceAt(process.env.REDIS_URL, { linger });

function presenceAt(url: string | undefined, options: PresenceOptions): Presence<Guest> {
  if (url === undefined) return new Presence(options);
  const redis = new Redis(url);
  sayWhenDown(redis, url);
  return new RedisPresence({ redis, ttl: 10_000, ...options });
}

const server = createServer((req, res) => {
  // No URL is made of it: a client may send what is none.
  const [path, query] = req.url?.split('?') ?? [];
  if (path === '/stream') {
    const searchParams = new URLSearchParams(query);
    const id = searchParams.get('id') ?? '';
    const name = searchParams.get('name') ?? '';
    if (!/^[\w-]{1,64}$/.test(id) || !/^.{1,40}$/u.test(name)) {
      res.writeHead(400, { 'content-type': 'text/plain' }).end('Expected an id, and a name of 1 to 40 characters.\n');
      return;
    }
    // Here a page says who it is. Take both from the session of your users, or anybody can be anybody.
    void presence.of('room').pipe(presence.track('room', { id, name }), toEventSource(res, { retry: 1_000 }));
  } else if (path === '/count') {
    void presence.counts('room').pipe(toEventSource(res));
  } else {
    sendPage(res, ...presencePage);
  }
});

// A deploy: when all pages were told to come back, Redis is told to keep the guests for the linger, until another process
// has them.
onLeaving(() => presence.close());
listen(server, 'presence', '/count', '/stream?id=curl&name=curl');
