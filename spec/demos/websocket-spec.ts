import { once } from 'node:events';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { startDemo, stopDemos } from './startDemo.ts';

describe('demos/websocket', () => {
  afterEach(stopDemos);

  it('should send what one client says to all, under the name that it gave it', async () => {
    const { url } = await startDemo('websocket');
    const heard = await Promise.all([connect(url), connect(url)]);
    heard[0]?.socket.send('hello');
    const lines = await Promise.all(heard.map((each) => each.line('hello')));
    expect(lines[0]).to.deep.equal(lines[1]);
    expect(lines[0]?.from).to.match(/^Guest \d{3}$/);
    for (const { socket } of heard) socket.terminate();
  });

  it('should refuse pages of other sites', async () => {
    const { url } = await startDemo('websocket');
    for (const origin of ['http://evil.example', `${url}.evil.example`, 'null']) {
      const socket = new WebSocket(url, { origin });
      const [error] = await once(socket, 'error');
      expect(String(error)).to.include('403');
    }
    const own = new WebSocket(url, { origin: url });
    await once(own, 'open');
    own.terminate();
  });
});

interface Line {
  readonly from: string;
  readonly text: string;
}

async function connect(url: string): Promise<{ socket: WebSocket; line(text: string): Promise<Line> }> {
  const socket = new WebSocket(url);
  const lines: Line[] = [];
  socket.on('message', (message) => {
    lines.push(JSON.parse(message.toString()).data);
    socket.emit('line');
  });
  await once(socket, 'open');
  return {
    socket,
    async line(text) {
      for (;;) {
        const found = lines.find((line) => line.text === text);
        if (found !== undefined) return found;
        await once(socket, 'line');
      }
    },
  };
}
