const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)/;

/** The samples of one answer of `/metrics`. */
export class Metrics {
  private readonly samples: readonly { readonly name: string; readonly labels: string; readonly value: number }[];

  /** @param text in the Prometheus text format. */
  constructor(text: string) {
    this.samples = text.split('\n').flatMap((line) => {
      const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
      return name === undefined ? [] : [{ name, labels, value: Number(value) }];
    });
  }

  /** Sum over all series of that name whose labels hold `part`; NaN when there is none. */
  sum(name: string, part = ''): number {
    const found = this.samples.filter((sample) => sample.name === name && sample.labels.includes(part));
    return found.length === 0 ? Number.NaN : found.reduce((sum, { value }) => sum + value, 0);
  }
}
