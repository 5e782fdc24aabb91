import { expect } from 'chai';
import { blocksOf, pageOf } from './pages.ts';
import { type RunningBlock, startBlock } from './startBlock.ts';

const programs = blocksOf(pageOf('docs/security.md')).filter(
  ({ language, code }) => language === 'ts' && code.startsWith('import '),
);
const statusOf = async (answer: Promise<Response>): Promise<number> => {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
};

describe('docs/security.md', () => {
  let cors: RunningBlock;
  let tickets: RunningBlock;
  before(async () => {
    expect(programs).to.have.length(2);
    [cors, tickets] = (await Promise.all(programs.map(startBlock))) as [RunningBlock, RunningBlock];
  });
  after(() => Promise.all([cors?.stop(), tickets?.stop()]));

  it('should show a stream that pages of the origins on its list can read with credentials, and others cannot', async () => {
    const from = (origin: string): Promise<Response> => fetch(cors.url, { headers: { origin } });
    const answer = await from('https://app.example.com');
    await answer.body?.cancel();
    expect(answer.status).to.equal(200);
    expect(Object.fromEntries(answer.headers)).to.include({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-credentials': 'true',
      'content-type': 'text/event-stream',
      vary: 'Origin',
    });
    const other = await from('https://evil.example');
    await other.body?.cancel();
    expect(other.status).to.equal(403);
    expect(other.headers.has('access-control-allow-origin')).to.equal(false);
    // No page of another origin: nobody to allow anything to.
    expect(await statusOf(fetch(cors.url))).to.equal(200);
  });

  it('should show a ticket that opens one stream, once, and nothing without a token', async () => {
    const ask = (authorization: string): Promise<Response> =>
      fetch(`${tickets.url}/ticket`, { method: 'POST', headers: { authorization } });
    expect(await statusOf(ask('Bearer guessed'))).to.equal(401);
    const answer = await ask('Bearer secret-of-alice');
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    const ticket = await answer.text();
    expect(ticket).to.match(/^[\w-]{43}$/);

    const open = (value: string): Promise<Response> => fetch(`${tickets.url}/orders?ticket=${value}&lastEventId=`);
    expect(await statusOf(open(''))).to.equal(401);
    const stream = await open(ticket);
    expect(stream.status).to.equal(200);
    expect(stream.headers.get('content-type')).to.equal('text/event-stream');
    await stream.body?.cancel();
    expect(await statusOf(open(ticket))).to.equal(401);
  });
});
