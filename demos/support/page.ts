import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';

const theme = readFileSync(new URL('theme.css', import.meta.url), 'utf8');

/** Answers with a small page. */
export function sendPage(res: ServerResponse, ...page: Parameters<typeof pageText>): void {
  res.setHeader('content-type', 'text/html; charset=utf-8');
  res.end(pageText(...page));
}

/** The text of a small page: a heading, a line about it, `body`, and `script` to bring it to life. */
export function pageText(title: string, about: string, body: string, script: string, style = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · tornadose</title>
<link rel="icon" href="data:,">
<style>${theme}${style}</style>
</head>
<body>
<main class="page">
<h1>${title}</h1>
<p class="about">${about}</p>
${body}
</main>
<script type="module">${script}</script>
</body>
</html>
`;
}
