/** The metrics of a gateway at one moment. */
export class Scrape {
  private constructor(private readonly lines: readonly string[]) {}

  static async of(url: string): Promise<Scrape> {
    const text = await (await fetch(`${url}/metrics`)).text();
    return new Scrape(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
  }

  /** The values that a selector finds: `name`, or `name{label="value",…}` with some labels, in any order. */
  values(selector: string): number[] {
    const [, name = '', labels = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(selector) ?? [];
    const wanted = labels.match(/\w+="[^"]*"/g) ?? [];
    const found = this.lines.filter(
      (line) => /^[^{ ]+/.exec(line)?.[0] === name && wanted.every((part) => line.includes(part)),
    );
    return found.map((line) => Number(line.slice(line.lastIndexOf(' '))));
  }

  sum(selector: string): number {
    return this.values(selector).reduce((total, value) => total + value, 0);
  }
}

/** The value of one series at `/metrics`, labels in any order; undefined for one that is not there. */
export async function metric(
  url: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return (await Scrape.of(url)).values(`${name}{${wanted.join(',')}}`)[0];
}
