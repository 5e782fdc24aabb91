import 'reflect-metadata';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Body,
  Controller,
  Get,
  Header,
  type INestApplication,
  Module,
  type NestApplicationOptions,
  Post,
  Res,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect } from 'chai';
import { DataStore, toEventSource } from 'tornadose';
import { closeContract } from '../contracts/closeContract.ts';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import type { Host } from '../support/host.ts';
import { StreamClient } from '../support/StreamClient.ts';
import { closeLater, closeServers } from '../support/servers.ts';

async function start(controller: Type<unknown>, options: NestApplicationOptions = {}): Promise<Host> {
  @Module({ controllers: [controller] })
  class App {}
  const app: INestApplication = await NestFactory.create(App, { logger: false, ...options });
  app.use((_req: unknown, res: ServerResponse, next: () => void) => {
    res.setHeader('set-cookie', appHeaders['set-cookie']);
    next();
  });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), close: () => app.close() };
}

function streaming({ stream, signal, gate }: Served): Type<unknown> {
  @Controller('stream')
  class Streams {
    @Get()
    @Header('access-control-allow-origin', appHeaders['access-control-allow-origin'])
    get(@Res() res: ServerResponse): void {
      void stream().pipe(toEventSource(res, { signal, gate }));
    }

    @Post()
    async post(@Body() body: { topic: string }, @Res() res: ServerResponse): Promise<void> {
      await turn();
      void stream(body.topic).pipe(toEventSource(res, { signal, gate }));
    }
  }
  return Streams;
}

describe('NestJS', () => {
  // It takes its time to load.

  afterEach(closeServers);

  serverContract('NestJS 12', (served) => start(streaming(served)));

  it('should need `@Res()` without `passthrough`: with it, Nest answers too, and the stream ends', async () => {
    @Controller('stream')
    class Streams {
      @Get()
      get(@Res({ passthrough: true }) res: ServerResponse): void {
        void new DataStore('first').pipe(toEventSource(res));
      }
    }
    const { url, close } = await start(Streams);
    closeLater(close);
    const client = await StreamClient.open('HTTP/1.1', `${url}/stream`);
    expect(await client.ended).to.equal('whole');
    expect(client.text).to.equal('');
  });

  closeContract('NestJS 12', {
    start(stream, { breaksOff }) {
      @Controller('stream')
      class Streams {
        @Get()
        get(@Res() res: ServerResponse): void {
          void stream.pipe(toEventSource(res));
        }
      }
      return start(Streams, { forceCloseConnections: breaksOff });
    },
    startWithHook(stream) {
      @Controller('stream')
      class Streams implements BeforeApplicationShutdown {
        readonly #closing = new AbortController();

        @Get()
        get(@Res() res: ServerResponse): void {
          void stream.pipe(toEventSource(res, { signal: this.#closing.signal }));
        }

        async beforeApplicationShutdown(): Promise<void> {
          this.#closing.abort();
          await turn();
        }
      }
      return start(Streams);
    },
  });
});
