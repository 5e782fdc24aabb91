import { expect } from 'chai';
import { NEVER } from 'rxjs';
import { checkUpgrade, Gate, TornadoseError, toResponse, toSink } from 'tornadose';
import { FakeTransport } from '../support/FakeTransport.ts';
import { thrown } from '../support/thrown.ts';

describe('a key', () => {
  it('should be refused where it is no text or an empty one, which would be the same for all who have none', () => {
    const gate = new Gate();
    const takers: ((key: never) => unknown)[] = [
      (key) => toSink(new FakeTransport(), { name: 'none', encode: String }, { gate, key }),
      (key) => toResponse(NEVER, new Request('http://localhost/'), { gate, key }),
      (key) => checkUpgrade({ headers: {} }, { gate, key }),
      (key) => gate.check({ key }),
    ];
    for (const take of takers) {
      for (const wrong of ['', 7, null]) {
        const error = thrown(() => take(wrong as never));
        expect(TornadoseError.is(error, 'ERR_INVALID_OPTION') && [error.option, error.received]).to.deep.equal([
          'key',
          wrong,
        ]);
      }
    }
  });
});
