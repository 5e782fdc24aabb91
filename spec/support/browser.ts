import { type Browser, chromium } from 'playwright-core';
import { pathOf } from './programs.ts';

/** A real headless Chromium. It is the caller's to close. */
export async function launchBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: pathOf('chromium'),
    args: [
      '--headless',
      // Chromium's sandbox does not start as root, which is who runs the specs in a container.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      // Nothing but what the pages ask for: a machine of tests often has no way out.
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  // Sooner than Mocha's, so that a failure says what was waited for.
  browser.on('context', (context) => context.setDefaultTimeout(45_000));
  return browser;
}
