// A route handler of Next.js: next/app/stream/route.ts. What stands here takes the place of Next.js, so that it starts
// without: a handler is a function from a web-standard Request to a Response, whoever calls it.
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { GET } from './next/app/stream/route.ts';
import { listen } from './support/listen.ts';
import { numbersPage } from './support/numbersPage.ts';

const html = { 'content-type': 'text/html; charset=utf-8' };

const server = createServer(
  getRequestListener((request) =>
    new URL(request.url).pathname === '/stream'
      ? GET(request)
      : new Response(numbersPage('A route handler of Next.js'), { headers: html }),
  ),
);

listen(server, 'next', '/stream');
