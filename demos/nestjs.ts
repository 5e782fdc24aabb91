// NestJS 12, on Express: `@Res()` tells it that the answer is the method's.
import 'reflect-metadata';
import type { Server, ServerResponse } from 'node:http';
import { Controller, Get, Module, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';
import { numbersPage } from './support/numbersPage.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

@Controller()
class Numbers {
  @Get('stream')
  stream(@Res() res: ServerResponse): void {
    void numbers.pipe(toEventSource(res));
  }

  @Get()
  page(): string {
    return numbersPage('NestJS');
  }
}

@Module({ controllers: [Numbers] })
class App {}

// Without `forceCloseConnections`, which would break the streams off that a drain ends.
const app = await NestFactory.create(App, { logger: ['error', 'warn'] });
const server: Server = app.getHttpServer();
listen({ server, listen: ({ port, host }) => app.listen(port, host), close: () => app.close() }, 'nestjs', '/stream');
