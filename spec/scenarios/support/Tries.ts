import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../Scenario.ts';
import type { Ports } from '../server/doors.ts';
import { type Answer, answerOverHttp1, answerOverHttp2 } from './answers.ts';
import { EventStreamSession } from './EventStreamSession.ts';
import { ownOrigin } from './ownOrigin.ts';

/** Those who come while the server drains. */
export class Tries {
  count = 0;
  /** How many of them were answered over HTTP/2. */
  overHttp2 = 0;
  /** How many were let in, or were not told when to come back. */
  wrong = 0;
  readonly #context: Context;
  readonly #ports: Ports;
  #unanswered = 0;

  constructor(context: Context, ports: Ports) {
    this.#context = context;
    this.#ports = ports;
  }

  async until(over: Promise<unknown>): Promise<void> {
    let isOver = false;
    void over.finally(() => {
      isOver = true;
    });
    // The order to drain has to come first.
    await sleep(50);
    while (!isOver) {
      await Promise.all([this.#http1({}), this.#http1(upgrade), this.#http2()]);
      await sleep(50);
    }
  }

  async #http1(headers: Readonly<Record<string, string>>): Promise<void> {
    this.#judge(await answerOverHttp1(this.#context, this.#ports.http1, '/memory', headers));
  }

  async #http2(): Promise<void> {
    const session = new EventStreamSession(this.#ports.http2);
    this.#context.defer(() => session.end());
    // When all have gone, a session is closed as soon as it is opened, and its stream refused unseen.
    const answer = await answerOverHttp2(session, '/memory').catch(() => undefined);
    session.end();
    if (answer === undefined) {
      this.#unanswered += 1;
      return;
    }
    this.overHttp2 += 1;
    this.#judge(answer);
    // Not all had gone when those came.
    this.wrong += this.#unanswered;
    this.#unanswered = 0;
  }

  #judge({ status, retryAfter }: Answer): void {
    this.count += 1;
    if (status !== 503 || !(Number(retryAfter) >= 1)) this.wrong += 1;
  }
}

const upgrade = {
  ...{ connection: 'upgrade', upgrade: 'websocket', origin: ownOrigin },
  ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
};
