const token =
  /(?<comment>\/\/.*|\/\*[\s\S]*?\*\/)|(?<string>'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|(?<keyword>\b(?:import|export|from|type|interface|const|let|function|return|new|async|await|if|else|for|of|void|get|typeof|readonly|as|true|false|undefined)\b)|(?<number>\b\d[\d_]*(?:\.\d+)?n?\b)/g;

/** TypeScript as HTML with its comments, strings, keywords and numbers in spans: enough for a page of demos. */
export function highlight(source: string): string {
  let html = '';
  let end = 0;
  for (const match of source.matchAll(token)) {
    const [text] = match;
    const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0];
    html += `${escaped(source.slice(end, match.index))}<span class="${kind}">${escaped(text)}</span>`;
    end = match.index + text.length;
  }
  return html + escaped(source.slice(end));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
