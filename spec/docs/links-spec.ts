import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { type Page, pageOf, pages, proseOf, root } from './pages.ts';

/** What GitHub makes of a heading: the name by which a link finds it. */
function anchorOf(heading: string): string {
  const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
  return shown
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

function anchorsOf(page: Page): Set<string> {
  return new Set(Array.from(proseOf(page).matchAll(/^#+ (.*)$/gm), ([, heading]) => anchorOf(heading as string)));
}

/** The links of a page to what is in the project. */
function linksOf(page: Page): string[] {
  const links = Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link as string);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function fault(page: Page, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.path : normalize(join(dirname(page.path), path));
  if (!existsSync(join(root, target))) return `${page.path}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  return anchorsOf(pageOf(target)).has(anchor) ? undefined : `${page.path}: ${target} has no heading #${anchor}`;
}

describe('the links in README.md and docs/', () => {
  const all = pages();

  it('should lead to what is there, headings too', () => {
    const links = all.flatMap((page) => linksOf(page).map((link) => ({ page, link })));
    expect(links.length).to.be.greaterThan(60);
    expect(links.flatMap(({ page, link }) => fault(page, link) ?? [])).to.deep.equal([]);
  });

  it('should lead to every guide from the list of guides, and to that from the README', () => {
    const guides = pageOf('docs/README.md');
    const others = all.map(({ path }) => path).filter((path) => path.startsWith('docs/') && path !== guides.path);
    expect(linksOf(guides).map((link) => normalize(join('docs', link)))).to.include.members(others);
    expect(linksOf(pageOf('README.md'))).to.include('docs/README.md');
  });

  it('should be found by the names that GitHub gives to headings', () => {
    expect(anchorOf('`drain`: what a deploy is (and is not)')).to.equal('drain-what-a-deploy-is-and-is-not');
    expect(anchorOf('What [Redis](redis.md) can lose')).to.equal('what-redis-can-lose');
    expect(anchorOf('ERR_REDIS_DOWN')).to.equal('err_redis_down');
  });
});
