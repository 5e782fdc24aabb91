// A sink of one's own: newline-delimited JSON, a line for each value, for programs that read lines.
import { createServer, type ServerResponse } from 'node:http';
import { map, type OperatorFunction, timer } from 'rxjs';
import { type ConnectionEvent, DataStore, type Encoder, type SinkOptions, toSink } from 'tornadose';
import { listen } from './support/listen.ts';

// One encoder for all clients: they share what it encodes.
const ndjson: Encoder = { name: 'ndjson', encode: ({ data }) => `${JSON.stringify(data)}\n`, heartbeat: '\n' };

function toLines<T>(res: ServerResponse, options?: SinkOptions<T>): OperatorFunction<T, ConnectionEvent> {
  return toSink<T>(
    {
      open: () => res.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders(),
      write: (bytes) => res.write(bytes),
      get waiting() {
        return res.writableLength;
      },
      onDrain: (resume) => res.on('drain', resume),
      onClose: (closed) => res.on('close', closed).on('error', closed),
      // A reader can tell what broke off from what came to its end.
      end: (reason) => (reason === 'error' ? res.destroy() : res.end()),
      destroy: () => res.destroy(),
    },
    ndjson,
    options,
  );
}

const readings = new DataStore<{ celsius: number; at: string }>();
timer(0, 1000)
  .pipe(map(() => ({ celsius: Math.round(200 + 10 * Math.random()) / 10, at: new Date().toISOString() })))
  .subscribe(readings);

const server = createServer((_req, res) => {
  void readings.pipe(toLines(res));
});

listen(server, 'custom-sink', '/');
