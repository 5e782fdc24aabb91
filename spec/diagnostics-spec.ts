import { expect } from 'chai';
import type { ErrorReport } from 'tornadose';
import { reportConnection, reportDrop, reportError, warnUnwatched } from '../src/diagnostics.ts';
import { reported, warnings } from './support/channels.ts';

describe('diagnostics', () => {
  it('should publish on its own channels', async () => {
    const error = new Error('no');
    const event = { type: 'open' };
    expect(await reported<ErrorReport>('error', () => reportError('encode', error))).to.deep.equal([
      { error, during: 'encode' },
    ]);
    expect(await reported('connection', () => reportConnection('websocket', event))).to.deep.equal([
      { sink: 'websocket', event },
    ]);
    expect(await reported('drop', () => reportDrop('websocket', event))).to.deep.equal([{ sink: 'websocket', event }]);
  });

  it('should do nothing when nobody listens', () => {
    expect(() => reportError('encode', new Error('no'))).to.not.throw();
  });

  it('should warn of an error object once, however many clients it ended', async () => {
    const error = new Error('the database is gone');
    const seen = await warnings(() => {
      for (let i = 0; i < 100; i += 1) warnUnwatched(error);
    });
    expect(seen).to.have.length(1);
    expect(seen[0]?.message).to.include('nobody was told').and.include('the database is gone');
    expect(seen[0]?.message).to.include('diagnostics-spec');
  });

  it('should warn of errors that are no objects too', async () => {
    const seen = await warnings(() => {
      warnUnwatched('just a text');
      warnUnwatched(undefined);
      warnUnwatched(null);
    });
    expect(seen.map((warning) => warning.message.split('. ').at(-1))).to.deep.equal([
      'just a text',
      'undefined',
      'null',
    ]);
  });
});
