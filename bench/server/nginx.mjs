// nginx with the module nchan, as a process of its own, and this one publishes to it: what counts is what nginx uses.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf, familyOf, rssOf } from './processes.mjs';

const configuration = (folder, port) => `
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 15000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish { nchan_publisher; nchan_channel_id bench; }
    location = /status { nchan_stub_status; }
    location / { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
  }
}
`;

export async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'tornadose-bench-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
  const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')];
  const nginx = spawn('nginx', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(nginx, 'exit');
  // Also when this process fails.
  process.on('exit', () => {
    nginx.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  let publisher;
  let family = [];
  const sum = (of) => family.reduce((total, pid) => total + of(pid), 0);

  return {
    async listen() {
      publisher = await connected(port, nginx, join(folder, 'error.log'));
      // The system accepts before there is a worker, which would be missing among those that are measured.
      await subscribers(port);
      family = familyOf(nginx.pid);
      if (family.length < 2) throw new Error('nginx has no worker');
      return port;
    },
    publish: (values) => post(publisher, values.map(JSON.stringify)),
    connected: () => subscribers(port),
    rss: () => sum(rssOf),
    usage: () => ({ cpu: sum(cpuOf), rss: sum(rssOf), highest: Number.NaN, held: Number.NaN }),
    async close() {
      // Its order to leave at once, and its worker leaves with it.
      nginx.kill('SIGTERM');
      await ended;
    },
  };
}

/** nginx does not tell which port it was given. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function connected(port, nginx, log) {
  for (let times = 0; times < 500 && nginx.exitCode === null; times += 1) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      await sleep(10);
    }
  }
  throw new Error(`nginx does not listen: ${readFileSync(log, 'utf8')}`);
}

/** One request for each event, all on one connection, as that keeps their order; the next may go when all are answered. */
async function post(socket, bodies) {
  socket.write(bodies.map(requestOf).join(''));
  let text = '';
  for (let answered = 0; answered < bodies.length; ) {
    const [bytes] = await once(socket, 'data');
    text += bytes;
    const answers = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
    if (answers.some((status) => !status.startsWith('20'))) throw new Error(`nginx refused: ${text}`);
    answered = answers.length;
  }
}

const requestOf = (body) =>
  `POST /publish HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** How many clients it has: those who publish and those who ask for this are none. */
async function subscribers(port) {
  const [response] = await once(get({ port, host: '127.0.0.1', path: '/status', agent: false }), 'response');
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return Number(/^subscribers: (\d+)/m.exec(text)?.[1]);
}
