// A chat: each line that a page sends goes to all pages.
import { createServer } from 'node:http';
import { checkUpgrade, QueueStore, toWebSocket } from 'tornadose';
import { type WebSocket, WebSocketServer } from 'ws';
import { listen } from './support/listen.ts';
import { sendPage } from './support/page.ts';

const chat = new QueueStore<{ from: string; text: string }>();

const server = createServer((_req, res) => {
  sendPage(
    res,
    'Chat',
    'Open this page twice. What the library sends is <code>{"data": …}</code>; what a page sends is text.',
    '<ol aria-live="polite"></ol><form><input aria-label="Message" required maxlength="200"><button>Send</button></form>',
    `const [list, form, input] = ['ol', 'form', 'input'].map((name) => document.querySelector(name));
     let socket;
     const connect = () => {
       socket = new WebSocket(location.origin.replace('http', 'ws'));
       socket.onclose = () => setTimeout(connect, 1000 + 1000 * Math.random());
       socket.onmessage = (message) => {
         const { from, text } = JSON.parse(message.data).data;
         list.append(Object.assign(document.createElement('li'), { textContent: from + ': ' + text }));
         list.scrollTop = list.scrollHeight;
       };
     };
     connect();
     form.onsubmit = (event) => { event.preventDefault(); socket.send(input.value); form.reset(); };`,
  );
});

const webSockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (req, socket, head) => {
  const refusal = checkUpgrade(req); // a page of another site could open a WebSocket here, with this site's cookies
  if (refusal !== undefined) refusal.send(socket);
  else webSockets.handleUpgrade(req, socket, head, join);
});

function join(ws: WebSocket): void {
  const from = `Guest ${Math.floor(Math.random() * 900 + 100)}`;
  void chat.pipe(toWebSocket(ws, { inbound: { maxBytes: 1000, maxPerSecond: 10 } }));
  ws.on('message', (text) => chat.next({ from, text: text.toString() }));
  chat.next({ from, text: 'is here' });
}

listen(server, 'websocket');
