import { numberChart } from './chart.js';
import { chat } from './chat.js';
import { keepListening } from './connection.js';
import { resumePanels } from './resumePanels.js';
import { slowClientCards } from './slowClients.js';

const byId = (id) => document.getElementById(id);
const show = (id, text) => {
  byId(id).textContent = text;
};
const count = (n, one, many = `${one}s`) => `${n.toLocaleString()} ${n === 1 ? one : many}`;
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 * 10 ? 1 : 0)} MB`;

const streamUrl = `${location.origin}/stream`;
show('curl', `curl -N ${streamUrl}`);
show('terminal-url', streamUrl);
if (location.port) show('port', location.port);

const chart = numberChart(byId('chart'));
const printed = [];

function number(value) {
  chart.add(value);
  show('number', value.toFixed(4));
  printed.push(`data: ${value}\n\n`);
  if (printed.length > 12) printed.shift();
  show('terminal', printed.join(''));
}

function statistics({ clients, eventsPerSecond, dropped, cutOff, heap, uptime }) {
  const streams = clients['event-stream'] ?? 0;
  const sockets = clients.websocket ?? 0;
  show('clients', (streams + sockets).toLocaleString());
  show('clients-detail', `${streams} SSE · ${count(sockets, 'WebSocket')}`);
  show('rate', eventsPerSecond.toLocaleString());
  show('dropped', dropped.events.toLocaleString());
  show('dropped-detail', `${megabytes(dropped.bytes)} · ${count(cutOff, 'client')} cut off`);
  show('heap', megabytes(heap));
  show('heap-detail', `heap in use · up ${duration(uptime)}`);
}

function duration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, '\u2009');

function fibonacci({ n, value, before }) {
  show('fibonacci-n', `F(${n})`);
  byId('fibonacci').dataset.size = value.length < 10 ? 'short' : value.length < 32 ? 'medium' : 'long';
  show('fibonacci', grouped(value));
  byId('fibonacci-before').replaceChildren(
    ...before.map((term, index) => {
      const item = document.createElement('li');
      const name = document.createElement('span');
      name.textContent = `F(${n - index - 1})`;
      item.append(name, grouped(term));
      return item;
    }),
  );
}

const state = document.querySelector('.state');
const retryChat = chat(byId('chat'), byId('chat-form'), byId('chat-state'));

keepListening(
  '/events',
  {
    recent: (points) => chart.replace(points),
    message: number,
    fibonacci,
    statistics,
    'slow-clients': slowClientCards(byId('slow-clients'), byId('slow-toggle'), byId('slow-published')),
  },
  (now) => {
    if (state.dataset.state === now) return;
    state.dataset.state = now;
    state.lastChild.textContent = now === 'live' ? 'Live' : 'Reconnecting';
    document.body.dataset.connection = now;
    if (now === 'live') retryChat();
    // Its next state says what it does.
    else byId('slow-toggle').disabled = true;
  },
);

// A browser has six connections for all tabs: two of them are for those who come to see this.
new IntersectionObserver(([{ isIntersecting, target }], observer) => {
  if (!isIntersecting) return;
  observer.disconnect();
  resumePanels(target, { stream: '/resume/stream', socket: '/resume/socket', cut: '/resume/cut' });
}).observe(document.querySelector('.panels'));

for (const button of document.querySelectorAll('.copy')) {
  button.onclick = async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? byId(button.dataset.copyFrom).textContent);
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1500);
  };
}
