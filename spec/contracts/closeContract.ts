import { expect } from 'chai';
import type { Observable } from 'rxjs';
import { DataStore } from 'tornadose';
import type { Host } from '../support/host.ts';
import { StreamClient } from '../support/StreamClient.ts';

/** How an application of a framework is started that has one stream, at `/stream`. */
export interface ClosingApps {
  /** One that is told, with `breaksOff`, by the framework's own option to break its streams off when it closes. */
  start(stream: Observable<string>, options: { readonly breaksOff: boolean }): Promise<Host>;
  /** One that aborts the signal of its stream in the framework's own hook before it closes, and gives it a turn to end. */
  startWithHook(stream: Observable<string>): Promise<Host>;
}

/** What is owed to a user of a framework whose applications close by themselves, and wait for what is open. */
export function closeContract(title: string, { start, startWithHook }: ClosingApps): void {
  describe(`${title} keeps the contract of a close`, () => {
    it('should wait in `close` for open streams, unless it is told to break them off', async () => {
      const store = new DataStore('first');
      const [waiting, forced] = [await start(store, { breaksOff: false }), await start(store, { breaksOff: true })];
      const stays = await StreamClient.open('HTTP/1.1', `${waiting.url}/stream`);
      const cut = await StreamClient.open('HTTP/1.1', `${forced.url}/stream`);
      let closed = false;
      const closing = waiting.close().then(() => {
        closed = true;
      });
      await forced.close();
      expect(await cut.ended).to.equal('broken');
      store.next('second');
      await stays.until('second');
      expect(closed).to.equal(false);
      stays.leave();
      await closing;
    });

    it('should tell its streams in a hook before it closes, and give them a turn to end', async () => {
      const { url, close } = await startWithHook(new DataStore('first'));
      const client = await StreamClient.open('HTTP/1.1', `${url}/stream`);
      await client.until('first');
      await close();
      expect(await client.ended).to.equal('whole');
      expect(client.text).to.equal('data: first\n\n');
    });
  });
}
