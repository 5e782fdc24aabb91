// Nothing is missing after a cut: what came while a page was away comes when it is back. In memory, or in Redis where
// REDIS_URL says so, and then over a restart of this server too.
import { createServer } from 'node:http';
import { lastEventId, toEventSource, toWebSocket } from 'tornadose';
import { counterLog } from './support/counterLog.ts';
import { cut, cuttable } from './support/cuts.ts';
import { listen } from './support/listen.ts';
import { sendPage } from './support/page.ts';
import { resumePanels } from './support/resumePanels.ts';
import { sameHost } from './support/sameHost.ts';
import { serveWebSockets } from './support/serveWebSockets.ts';

const counter = await counterLog(); // 1, 2, 3, …: five a second

const restart = process.env.REDIS_URL
  ? 'the numbers are in Redis, and go on.'
  : 'the numbers are in its memory, and the page is told that what came last is not known.';

const server = createServer((req, res) => {
  const path = req.url?.split('?')[0];
  if (path === '/stream') {
    cuttable(req);
    // An EventSource comes back by itself, and says with which id the last event came.
    void counter.since(lastEventId(req)).pipe(toEventSource(res, { retry: 1000 }));
  } else if (path === '/cut') {
    if (req.method === 'POST' && sameHost(req)) cut(req);
    res.writeHead(204).end();
  } else {
    sendPage(
      res,
      'Nothing is missing',
      `Cut a connection: what came meanwhile comes when the page is back. Kill the server and start it again, too: ${restart}`,
      '<div class="panels"></div>',
      `${resumePanels.script}
       resumePanels(document.querySelector('.panels'), { stream: '/stream', socket: '/socket', cut: '/cut' });`,
      resumePanels.style,
    );
  }
});

// The page has to bring a WebSocket back by itself, with the id in the URL.
serveWebSockets(server, {
  '/socket': (ws, req) => {
    cuttable(req);
    void counter.since(lastEventId(req)).pipe(toWebSocket(ws));
  },
});

listen(server, 'resume', '/stream');
