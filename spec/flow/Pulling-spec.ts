import { expect } from 'chai';
import { Pulling } from '../../src/flow/Pulling.ts';

describe('Pulling', () => {
  it('should let each source of a client have its turn, though none of them ever ends', () => {
    const pulling = new Pulling();
    const turns: string[] = [];
    let room = 0;
    const client = {
      get ready() {
        return room > 0;
      },
      whenReady() {},
    };
    const wait = (name: string): void =>
      pulling.add(() => {
        turns.push(name);
        room -= 1;
        wait(name);
      });
    for (const name of ['a', 'b', 'c']) wait(name);
    for (let time = 0; time < 6; time += 1) {
      room = 1;
      pulling.resume(client);
    }
    expect(turns).to.deep.equal(['a', 'b', 'c', 'a', 'b', 'c']);
  });
});
