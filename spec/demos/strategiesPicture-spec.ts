import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { strategiesPicture } from '../../demos/support/strategiesPicture.ts';

describe('docs/images/strategies.svg', () => {
  it('should show what the strategies do (npx tsx demos/support/strategiesPicture.ts draws it anew)', async () => {
    const committed = await readFile(new URL('../../docs/images/strategies.svg', import.meta.url), 'utf8');
    expect(strategiesPicture()).to.equal(committed);
  });
});
