import { pageText } from './page.ts';

/** The page of the demos of servers: it shows what comes from `/stream`. */
export function numbersPage(server: string): string {
  return pageText(
    server,
    'A random number every second, from <code>/stream</code>.',
    '<output class="value">…</output>',
    `const output = document.querySelector('output');
     new EventSource('/stream').onmessage = ({ data }) => { output.textContent = data; };`,
  );
}
