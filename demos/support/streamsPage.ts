import { pageText } from './page.ts';

/** A page with twice as many streams as a browser has connections over HTTP/1.1. */
export const streamsPage: string = pageText(
  'Twelve streams',
  'Over HTTP/1.1 six would stay empty: a browser opens no more connections to a server.',
  '<ol></ol>',
  `const list = document.querySelector('ol');
   for (let i = 1; i <= 12; i += 1) {
     const item = list.appendChild(document.createElement('li'));
     new EventSource('/stream?' + i).onmessage = ({ data }) => { item.textContent = data; };
   }`,
);
