import 'reflect-metadata';
import { Controller, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { map, Subject } from 'rxjs';

const subject = new Subject();

class EventController {
  stream() {
    return subject.pipe(map((data) => ({ data })));
  }
}
class AppModule {}

// What `@Sse()` and the others do in TypeScript.
const { prototype } = EventController;
Sse()(prototype, 'stream', Object.getOwnPropertyDescriptor(prototype, 'stream'));
Controller()(EventController);
Module({ controllers: [EventController] })(AppModule);

export async function start() {
  const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
  await app.init();
  const publish = (values) => {
    for (const value of values) subject.next(value);
  };
  return { server: app.getHttpServer(), publish };
}
