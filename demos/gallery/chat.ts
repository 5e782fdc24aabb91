import { startWith } from 'rxjs';
import { QueueStore, toWebSocket } from 'tornadose';
import type { WebSocket } from 'ws';

export interface Line {
  readonly from: string;
  readonly text: string;
  /** Whether it is the gallery's own notice. */
  readonly notice: boolean;
}

/** The first thing that a client gets: the name by which it goes. */
interface You {
  readonly you: string;
}

/** What is said, by everybody. */
export const chat: QueueStore<Line> = new QueueStore<Line>();

const recent: Line[] = [];
chat.subscribe((line) => {
  recent.push(line);
  if (recent.length > 20) recent.shift();
});

const inbound = { maxBytes: 1000, maxPerSecond: 10 };

/** A guest: what the client sends is text, and what it gets are lines. */
export function joinChat(ws: WebSocket): void {
  const from = newName();
  here.add(from);
  const you: You = { you: from };
  void chat.pipe(startWith(you, ...recent), toWebSocket<Line | You>(ws, { inbound }));
  chat.next({ from, text: 'joined', notice: true });
  ws.on('message', (data) => {
    const text = data.toString().trim();
    if (text !== '') chat.next({ from, text, notice: false });
  });
  ws.on('close', () => {
    here.delete(from);
    chat.next({ from, text: 'left', notice: true });
  });
}

const here = new Set<string>();

const adjectives = ['Quiet', 'Swift', 'Gentle', 'Bright', 'Calm', 'Bold', 'Merry', 'Clever'];
const animals = ['Heron', 'Otter', 'Lynx', 'Finch', 'Badger', 'Marten', 'Swallow', 'Hare'];

const names = adjectives.flatMap((adjective) => animals.map((animal) => `${adjective} ${animal}`));

/** One that nobody here has, and nobody had in the lines that a newcomer sees. */
function newName(): string {
  const used = new Set([...here, ...recent.map(({ from }) => from)]);
  const free = names.filter((name) => !used.has(name));
  return free[Math.floor(Math.random() * free.length)] ?? numbered(used);
}

/** For when all names are taken. */
function numbered(used: ReadonlySet<string>): string {
  let number = 1;
  while (used.has(`Guest ${number}`)) number += 1;
  return `Guest ${number}`;
}
