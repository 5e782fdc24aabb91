// HTTP/2 over TLS, with HTTP/1.1 for those who have no other: a browser has one connection for all of its streams, in
// place of six. The certificate is made at start, so the browser will warn of it.
import { createSecureServer } from 'node:http2';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { certificate } from './support/certificate.ts';
import { listen } from './support/listen.ts';
import { streamsPage } from './support/streamsPage.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

const server = createSecureServer({ ...certificate(), allowHTTP1: true }, (req, res) => {
  if (req.url?.startsWith('/stream')) {
    void numbers.pipe(toEventSource(res));
  } else {
    res.setHeader('content-type', 'text/html; charset=utf-8');
    res.end(streamsPage);
  }
});

listen(server, 'http2', '/stream');
