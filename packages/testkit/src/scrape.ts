/** A line of the text format of Prometheus. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format of Prometheus. Throws for a line that is not part of it. */
export function parseSeries(text: string): readonly Series[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] =
        /^([a-z_]+)(?:\{([^}]*)\})? (-?[\d.e+-]+|NaN|[+-]Inf)$/.exec(line) ?? [];
      if (name === "") throw new Error(`not a series: ${line}`);
      const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text] as const);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

/** The series of a management listener. */
export async function scrape(managementUrl: string): Promise<readonly Series[]> {
  const answer = await fetch(`${managementUrl}/metrics`);
  if (answer.status !== 200) throw new Error(`/metrics answered ${answer.status}`);
  return parseSeries(await answer.text());
}

/** The sum of a metric over the series with these labels; 0 if there are none. */
export const sumOf = (series: readonly Series[], name: string, labels: Readonly<Record<string, string>> = {}) =>
  series
    .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
