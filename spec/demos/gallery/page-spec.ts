import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { type Demo, startDemo, stopDemos } from '../startDemo.ts';

const wide: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const phone: BrowserContextOptions = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

describe('demos/gallery/page', () => {
  let browser: Browser;
  let gallery: Demo;
  let complaints: string[];
  let hosts: Set<string>;

  before(async () => {
    [browser, gallery] = await Promise.all([launchBrowser(), startDemo('gallery/server')]);
  });

  beforeEach(() => {
    complaints = [];
    hosts = new Set();
  });

  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

  after(async () => {
    await browser?.close();
    await stopDemos();
  });

  it('should show new numbers, the sequence, the statistics and a chart, with nothing from elsewhere', async () => {
    const page = await open(wide);
    const first = await newText(page, '#number', '–');
    const second = await newText(page, '#number', first);
    expect(Number(second)).to.be.within(0, 1);
    expect(await page.textContent('#terminal')).to.match(/^(data: [\d.e-]+\n\n)+$/);
    expect(await newText(page, '#fibonacci-n', 'F(–)')).to.match(/^F\(\d+\)$/);
    await page.waitForFunction("document.querySelector('#clients-detail').textContent === '1 SSE · 1 WebSocket'");
    expect(await page.textContent('#clients')).to.equal('2');
    expect(await page.textContent('.state')).to.include('Live');
    expect(await page.textContent('.hero pre')).to.include(`.listen(${gallery.port});`);
    expect(await page.locator('#fibonacci-before li').count()).to.be.above(0);
    expect(await drawn(page)).to.equal(true);
    expect([...hosts]).to.deep.equal([new URL(gallery.url).host]);
    expect(complaints).to.deep.equal([]);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`should fit a phone, ${colorScheme}`, async () => {
      const page = await open({ ...phone, colorScheme });
      await newText(page, '#number', '–');
      for (const whole of ['.hero pre', '.hero .command code'])
        expect(await page.$eval(whole, ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).to.equal(0);
      for (const summary of await page.locator('summary').all()) {
        await summary.click();
        expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(360);
      }
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).to.equal(colorScheme === 'dark' ? 'rgb(12, 15, 19)' : 'rgb(248, 249, 250)');
      expect(complaints).to.deep.equal([]);
    });
  }

  it('should start and stop slow clients with the keyboard, and show what they were not sent', async () => {
    const page = await open(wide);
    const button = page.locator('#slow-toggle');
    // It can be pressed once the page knows whether they run.
    await page.locator('#slow-toggle:enabled').waitFor();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction("document.querySelector('#slow-toggle').textContent === 'Stop slow clients'");
    await page.waitForFunction("/[1-9]/.test(document.querySelector('#dropped').textContent)");
    const latest = '[data-strategy="latest"] dd:nth-of-type(4)';
    await page.waitForFunction(`/[1-9]/.test(document.querySelector('${latest}').textContent)`);
    expect(await page.textContent('[data-strategy="quick"] dd:nth-of-type(4)')).to.equal('0');
    await button.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction("document.querySelector('#slow-toggle').textContent === 'Start slow clients'");
    await page.waitForFunction("document.querySelector('#slow-clients').dataset.phase === 'stopped'");
    const published = /^\d+/.exec((await page.textContent('#slow-published')) ?? '')?.[0];
    for (const strategy of ['quick', 'dropOldest', 'latest', 'reduce']) {
      const card = page.locator(`[data-strategy="${strategy}"]`);
      expect(await card.locator('.lag b').textContent()).to.equal('0.0 s');
      expect(await card.locator('dd').nth(2).textContent()).to.equal(published);
      expect(await card.locator('.end').textContent()).to.equal('Ended on the newest');
    }
    const accounted = (strategy: string) => page.textContent(`[data-strategy="${strategy}"] dd:nth-of-type(2)`);
    for (const strategy of ['quick', 'reduce']) expect(await accounted(strategy)).to.equal(published);
    for (const strategy of ['latest', 'drop']) expect(Number(await accounted(strategy))).to.be.below(Number(published));
    expect(await page.textContent('[data-strategy="drop"] .end')).to.match(/^Ended \d+ ticks? short$/);
    expect(complaints).to.deep.equal([]);
  });

  it('should show that nothing is missing after a cut, once one looks', async () => {
    const page = await open(wide);
    expect(await page.locator('.panel').count()).to.equal(0);
    await page.locator('#resume').scrollIntoViewIfNeeded();
    const panels = ['EventSource', 'WebSocket'].map((over) => page.locator(`[data-over="${over}"]`));
    for (const panel of panels) await panel.locator('.strip li').nth(1).waitFor();
    for (const panel of panels) await panel.getByRole('button', { name: 'Cut the connection' }).click();
    for (const panel of panels) {
      await panel.locator('.strip .back').waitFor();
      await panel.locator('.strip .late').first().waitFor();
      const [, ...others] = await panel.locator('dd').allTextContents();
      expect(others, 'missing, twice, gaps, away').to.deep.equal(['0', '0', '0', '1']);
    }
    // The rest of the page has noticed nothing.
    expect(await page.textContent('.state')).to.include('Live');
  });

  it('should chat between two pages, and show text as text', async () => {
    const [one, other] = await Promise.all([open(wide), open(phone)]);
    await other.waitForFunction("document.querySelector('#chat').children.length > 0");
    await one.waitForFunction("document.querySelector('#chat').children.length > 0");
    await one.fill('#chat-form input', '<b>hello</b> there');
    await one.keyboard.press('Enter');
    for (const page of [one, other]) await page.getByText('<b>hello</b> there').waitFor();
    expect(await one.inputValue('#chat-form input')).to.equal('');
    const said = 'li:not(.notice):has-text("hello") i';
    expect([await one.locator(said).count(), await other.locator(said).count()]).to.deep.equal([1, 0]);
    expect(complaints).to.deep.equal([]);
  });

  it('should come back by itself when the server restarts', async () => {
    const own = await startDemo('gallery/server');
    const page = await open(wide, own.url);
    const before = await newText(page, '#number', '–');
    await own.stop('SIGKILL');
    await state(page, 'reconnecting');
    await page.waitForFunction("document.querySelector('#chat-form button').textContent === 'Not connected'");
    expect(await page.locator('#chat-form button').isDisabled()).to.equal(true);
    await page.fill('#chat-form input', 'still here');
    await page.keyboard.press('Enter');
    await startDemo('gallery/server', { PORT: `${own.port}` });
    await state(page, 'live');
    const after = await newText(page, '#number', before);
    await newText(page, '#number', after);
    await page.waitForFunction("document.querySelector('#chat-state').textContent === 'WebSocket'");
    expect(await page.inputValue('#chat-form input')).to.equal('still here');
    await page.keyboard.press('Enter');
    await page.getByText('still here').waitFor();
  });

  it('should have the chat back as soon as the stream is, however long it was away', async () => {
    const page = await browser.newPage(wide);
    // Fifteen seconds of waiting are not waited for here: a timer that long never fires.
    await page.addInitScript(`{
      const { setTimeout } = globalThis;
      globalThis.setTimeout = (turn, ms, ...rest) => (ms === undefined || ms < 200 ? setTimeout(turn, ms, ...rest) : 1);
    }`);
    const own = await startDemo('gallery/server');
    await page.goto(own.url);
    await state(page, 'live');
    await page.waitForFunction("document.querySelector('#chat-state').textContent === 'WebSocket'");
    await own.stop('SIGKILL');
    await page.waitForFunction("document.querySelector('#chat-state').textContent === 'Reconnecting'");
    await startDemo('gallery/server', { PORT: `${own.port}` });
    await page.waitForFunction("document.querySelector('#chat-state').textContent === 'WebSocket'");
    expect(await page.locator('#chat-form button').isEnabled()).to.equal(true);
  });

  it('should come back after an answer on which an EventSource gives up', async () => {
    const page = await browser.newPage(wide);
    let refused = 0;
    await page.route('**/events', async (route) => {
      refused += 1;
      if (refused > 2) await route.continue();
      else await route.fulfill({ status: 503, body: 'Not now.' });
    });
    await page.goto(gallery.url);
    await state(page, 'live');
    await newText(page, '#number', '–');
    expect(refused).to.equal(3);
  });

  async function open(options: BrowserContextOptions, url = gallery.url): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).host);
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url);
    return page;
  }
});

/** Waits until an element has another text, and gives it. */
async function newText(page: Page, selector: string, old: string): Promise<string> {
  const element = `document.querySelector('${selector}').textContent`;
  await page.waitForFunction(`${element} !== ${JSON.stringify(old)}`);
  return (await page.textContent(selector)) ?? '';
}

async function state(page: Page, wanted: string): Promise<void> {
  await page.waitForFunction(`document.querySelector('.state').dataset.state === '${wanted}'`);
}

/** Whether the chart's canvas has a line in the colour of the series. */
function drawn(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('#chart canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4)
      if (data[i] === 11 && data[i + 1] === 110 && data[i + 2] === 127 && data[i + 3] === 255) return true;
    return false;
  })()`);
}
