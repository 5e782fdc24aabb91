import { expect } from 'chai';
import { closeServers, serve } from '../support/servers.ts';
import { startAsReader, startDemo, startProgram, stopDemos } from './startDemo.ts';

const names = [
  'basic',
  'fibonacci',
  'redis-pubsub',
  'redis-publisher',
  'websocket',
  'resume',
  'presence',
  'topics',
  'slow-client',
  'express',
  'fastify',
  'koa',
  'hono',
  'nestjs',
  'next',
  'http2',
  'h2c',
  'metrics',
  'custom-sink',
] as const;

describe('demos/run', () => {
  // Each starts several processes.

  afterEach(async () => {
    await stopDemos();
    await closeServers();
  });

  it('should list the demos when it is called without a name, or with a wrong one', async () => {
    const [without, wrong] = [startProgram(['demos/run.ts']), startProgram(['demos/run.ts', 'toString'])];
    expect(await without.ended).to.equal(0);
    expect(await wrong.ended).to.equal(1);
    expect(wrong.output).to.include("There is no demo 'toString'.");
    for (const name of names) for (const { output } of [without, wrong]) expect(output).to.include(`  ${name} `);
  });

  it('should run the demo of the name', async () => {
    const program = startAsReader(['demos/run.ts', 'basic']);
    const url = await program.printed(/http:\/\/localhost:\d+$/m);
    expect(await (await fetch(url)).text()).to.include('A random number');
  });

  it('should say so plainly when the port is in use', async () => {
    const { port } = await serve((_req, res) => res.end());
    // A WebSocketServer passes the server's errors on, which nobody may be there to take.
    const refused = ['basic', 'websocket'].map(async (name) => {
      const program = startProgram([`demos/${name}.ts`], { PORT: `${port}` });
      expect(await program.ended).to.equal(1);
      expect(program.output.trim()).to.equal(
        `Port ${port} is in use by another program. Set PORT to another one, for example PORT=${port + 1}.`,
      );
    });
    await Promise.all(refused);
  });

  it('should refuse what is no port', async () => {
    const refused = ['http', '70000', ' '].map(async (PORT) => {
      const program = startProgram(['demos/basic.ts'], { PORT });
      expect(await program.ended).to.equal(1);
      expect(program.output.trim()).to.equal(`Expected PORT to be an integer from 0 to 65535, got '${PORT}'.`);
    });
    await Promise.all(refused);
  });

  it('should end with an open stream: at once on SIGINT, and on SIGTERM with a time to come back', async () => {
    const ends = (['SIGINT', 'SIGTERM'] as const).map(async (signal) => {
      const demo = await startDemo('basic');
      const answer = await fetch(`${demo.url}/stream`);
      expect(await demo.stop(signal)).to.equal(0);
      return answer.text().catch((error: Error) => error.message);
    });
    const [atOnce, drained] = await Promise.all(ends);
    // The stream breaks off: an EventSource comes back when the demo does.
    expect(atOnce).to.equal('terminated');
    expect(drained).to.match(/\n\nretry: \d{4}\n\n$/);
  });
});
