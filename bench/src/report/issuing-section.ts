import { capacityConnections, capacityOf, type IssuingResult } from "../modes/issuing.ts";
import type { Slice } from "../modes/slice.ts";
import { medianOf, ratiosOf, spreadOf } from "../statistics.ts";
import { figure, known, megabytes, milliseconds, percent, table, whole, withSpread } from "./format.ts";
import type { Section } from "./section.ts";
import { barPlot, linePlot } from "./svg.ts";

/** The tables of the issuing mode. */
export function issuingSection(results: readonly IssuingResult[]): Section {
  const counts = results[0]?.closed.map(({ connections }) => connections) ?? [];
  const markdown = [
    "## Issuing",
    table(
      ["contender", "version", "configuration"],
      results.map(({ title, version, settings, token, failure }) => [
        title,
        version,
        settings + observed(token) + (failure === undefined ? "" : `. **Failed**: ${failure}`),
      ]),
    ),
    ...counts.map((connections) => closedTable(results, connections)),
    "![CPU per token](results/cpu.svg)",
    openTables(results),
    "![latency](results/latency.svg)",
    startTable(results),
  ].join("\n\n");
  return { markdown, plots: plots(results) };
}

export const slicesAt = (result: IssuingResult | undefined, connections = capacityConnections): readonly Slice[] =>
  result?.closed.find((loop) => loop.connections === connections)?.slices ?? [];

export const rates = (slices: readonly Slice[]): readonly number[] => slices.map(({ rate }) => rate);

/** CPU microseconds per token. Empty if unknown. */
export const cpu = (slices: readonly Slice[]): readonly number[] =>
  slices.flatMap(({ user, system }) => (user === null || system === null ? [] : [user + system]));

const observed = (token: IssuingResult["token"]): string =>
  token === undefined
    ? ""
    : `; observed: ${token.algorithm}, ${token.expiresIn} s, \`${token.scope}\`, ${token.bytes} bytes`;

/** The row of a contender that failed before it completed a part. */
const failed = ({ title, failure = "" }: IssuingResult): readonly string[] => [title, `failed: ${failure}`];

const floorOf = (results: readonly IssuingResult[]) => results.find(({ name }) => name === "floor");

function closedTable(results: readonly IssuingResult[], connections: number): string {
  const floor = slicesAt(floorOf(results), connections);
  const rows = results.map((result) => {
    const slices = slicesAt(result, connections);
    if (slices.length === 0) return failed(result);
    const of = (key: keyof Slice) => medianOf(known(slices.map((slice) => slice[key])));
    return [
      result.title,
      withSpread(spreadOf(rates(slices)), whole),
      withSpread(ratiosOf(rates(slices), rates(floor)), percent),
      `${figure(medianOf(cpu(slices)))} (${figure(of("user"))} + ${figure(of("system"))})`,
      withSpread(ratiosOf(cpu(slices), cpu(floor)), (ratio) => figure(ratio, "×")),
      milliseconds(of("p50")),
      milliseconds(of("p99")),
      milliseconds(of("p999")),
      megabytes(of("resident")),
    ];
  });
  const head = [
    "contender",
    "tokens/s",
    "of the floor",
    "CPU µs per token (user + system)",
    "CPU relative to the floor",
    "p50",
    "p99",
    "p99.9",
    "memory",
  ];
  return `### Closed loop, ${connections} ${connections === 1 ? "connection" : "connections"}\n\n${table(head, rows)}`;
}

function openTables(results: readonly IssuingResult[]): string {
  const points = results[0]?.open ?? [];
  const parts = points.map(({ share, arrivals }) => {
    const rows = results.map((result) => {
      const loop = result.open.find((one) => one.share === share && one.arrivals === arrivals);
      if (loop === undefined) return failed(result);
      const of = (key: keyof Slice) => medianOf(known(loop.slices.map((slice) => slice[key])));
      return [
        result.title,
        whole(medianOf(loop.rates)),
        milliseconds(of("p50")),
        milliseconds(of("p99")),
        milliseconds(of("p999")),
        figure(medianOf(loop.slices.map((slice) => slice.p99 / slice.p50))),
        milliseconds(of("late")),
      ];
    });
    const head = [
      "contender",
      "requests/s",
      "p50",
      "p99",
      "p99.9",
      "p99 / p50 (median of rounds)",
      "p99 of generator delay",
    ];
    const arrivalText = arrivals === "even" ? "at equal intervals" : "at random intervals (Poisson)";
    return `#### ${Math.round(share * 100)} % of its own capacity, requests ${arrivalText}\n\n${table(head, rows)}`;
  });
  const intro =
    "### Open loop\n\nRequests follow a fixed schedule, and latency counts from when a request was due. " +
    "Capacity is measured just before, over 32 connections and with the same generator.";
  return [intro, ...parts].join("\n\n");
}

function startTable(results: readonly IssuingResult[]): string {
  const rows = results.map(({ title, starts, idle }) => [
    title,
    withSpread(spreadOf(starts), (value) => `${Math.round(value)} ms`),
    withSpread(spreadOf(idle), megabytes),
  ]);
  return `### Start\n\n${table(["contender", "process start to first token", "memory, idle"], rows)}`;
}

function plots(results: readonly IssuingResult[]): Readonly<Record<string, string>> {
  const bars = (value: (result: IssuingResult) => number, unit: string) =>
    results
      .map((result) => ({ result, value: value(result) }))
      .filter((bar) => !Number.isNaN(bar.value))
      .map(({ result, value: length }) => ({
        label: result.title,
        value: length,
        text: `${whole(length)}${unit}`,
        ours: result.name === "carnet",
      }));
  const complete = results.filter(({ failure }) => failure === undefined);
  const latency = complete.map(({ title, open }) => ({
    label: title,
    points: open
      .filter(({ arrivals }) => arrivals === "even")
      .map(({ share, slices }) => ({ x: share, y: medianOf(slices.map(({ p99 }) => p99)) / 1000 })),
  }));
  return {
    "throughput.svg": barPlot(
      "Tokens per second, 32 connections",
      bars((result) => capacityOf(result.closed), ""),
    ),
    "cpu.svg": barPlot(
      "CPU per token, 32 connections, in microseconds",
      bars((result) => medianOf(cpu(slicesAt(result))), " µs"),
    ),
    "latency.svg": linePlot("p99 of the open loop, in milliseconds, by share of its own capacity", latency, {
      x: (share) => `${Math.round(share * 100)} %`,
      y: (value) => figure(value),
    }),
  };
}
