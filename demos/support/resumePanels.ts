import { readFileSync } from 'node:fs';

const text = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** The part of a page that shows what came over an EventSource and a WebSocket, and what did not. */
export const resumePanels: { readonly script: string; readonly style: string } = {
  script: text('resumePanelsPage.js'),
  style: text('resumePanels.css'),
};
