import { expect } from 'chai';
import { Subscriber } from 'rxjs';
import type { Message } from 'tornadose';
import { Cursor, type CursorLog } from '../../src/stores/Cursor.ts';
import { endOfTick } from '../support/endOfTick.ts';

class OwnCursor extends Cursor {
  protected override overtaken(): boolean {
    return false;
  }
}

describe('Cursor', () => {
  it('should not be held by its log when what it waited for comes after its client has left', async () => {
    const behind: CursorLog['behind'] = new Set();
    const log = { start: 0, end: 0, behind } as unknown as CursorLog;
    const subscriber = new Subscriber<Message>();
    const cursor = new OwnCursor(log, subscriber, undefined, 0, '');
    let ran = 0;
    const run = (): void => {
      ran += 1;
    };
    cursor.inTurn(run);
    await endOfTick();
    expect([ran, behind.size]).to.deep.equal([1, 1]);
    subscriber.unsubscribe();
    cursor.inTurn(run);
    await endOfTick();
    expect([ran, behind.size]).to.deep.equal([1, 0]);
  });
});
