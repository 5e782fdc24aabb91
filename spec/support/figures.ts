/** What a Prometheus endpoint tells, as Prometheus asks it. */
export async function figuresOf(url: string): Promise<Figures> {
  return new Figures(await (await fetch(url)).text());
}

/** The figures of one scrape (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export class Figures {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The values of a metric, by the values of its labels: `{ 'event-stream client': 2 }`. Those of a scope are left out. */
  of(name: string): Record<string, number> {
    const values: Record<string, number> = {};
    for (const [, labels = '', value] of this.text.matchAll(new RegExp(`^${name}(?:{(.*)})? (\\S+)$`, 'gm'))) {
      const own = Array.from(labels.matchAll(/(\w+)="(.*?)"/g)).filter(([, label]) => !label?.startsWith('otel_'));
      values[own.map(([, , text]) => text).join(' ')] = Number(value);
    }
    return values;
  }

  /** The one value of a metric without labels. */
  one(name: string): number | undefined {
    return this.of(name)[''];
  }
}
