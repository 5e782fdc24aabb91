// A program of its own in which members are connected, until it is killed: tracks.ts <url> <topic> <ttl> <id>…
import { Redis } from 'ioredis';
import { NEVER } from 'rxjs';
import { RedisPresence } from 'tornadose/redis';

const [url = '', topic = '', ttl = '', ...ids] = process.argv.slice(2);
const presence = new RedisPresence<{ id: string; name: string }>({ redis: new Redis(url), ttl: Number(ttl) });
for (const id of ids) NEVER.pipe(presence.track(topic, { id, name: `member ${id}` })).subscribe();
