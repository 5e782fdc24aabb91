import { createServer } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import compression from 'compression';
import express, { type Express } from 'express';
import { toEventSource } from 'tornadose';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import { type Host, host } from '../support/host.ts';

function start({ stream, signal, gate }: Served, app: Express = express()): Promise<Host> {
  app.use(express.json(), (_req, res, next) => {
    res.set({ ...appHeaders, 'set-cookie': [...appHeaders['set-cookie']] });
    next();
  });
  app.get('/stream', (_req, res) => {
    void stream().pipe(toEventSource(res, { signal, gate }));
  });
  app.post('/stream', async (req, res) => {
    await turn();
    void stream(req.body.topic).pipe(toEventSource(res, { signal, gate }));
  });
  return host(createServer(app));
}

describe('Express', () => {
  serverContract('Express 5', start);
  serverContract('Express 5 with the middleware `compression`', (served) =>
    start(served, express().use(compression())),
  );
});
