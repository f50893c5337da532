import type { Figures } from "../modes/turns.ts";
import { medianOf, ratiosOf, spreadOf } from "../statistics.ts";
import { figure, known, megabytes, milliseconds, percent, table, whole, withSpread } from "./format.ts";
import { cpu, rates } from "./issuing-section.ts";
import type { Section } from "./section.ts";

/** The sections that compare ways to run Carnet. */

export const figuresOf = (results: readonly Figures[] | undefined, name: string) =>
  results?.find((result) => result.name === name)?.slices ?? [];

/** How much of what the floor gains by a second process Carnet gains by a second worker, in each round. */
export function shareOfGain(results: readonly Figures[] | undefined) {
  const of = (name: string) => rates(figuresOf(results, name));
  const [one, two, floorOne, floorTwo] = [of("carnet"), of("carnet-workers-2"), of("floor"), of("floor-2")];
  const gains = (few: readonly number[], many: readonly number[]) =>
    many.map((rate, round) => rate / (few[round] ?? 0));
  return ratiosOf(gains(one, two), gains(floorOne, floorTwo));
}

export function workersSection(results: readonly Figures[]): Section {
  const times = (left: string, right: string, figures: typeof rates) =>
    withSpread(ratiosOf(figures(figuresOf(results, left)), figures(figuresOf(results, right))), (ratio) =>
      figure(ratio, "×"),
    );
  const facts = [
    `Two workers of Carnet issue ${times("carnet-workers-2", "carnet", rates)} the tokens of one process, with ${times("carnet-workers-2", "carnet", cpu)} the CPU per token.`,
    `Two processes of the floor issue ${times("floor-2", "floor", rates)} the tokens of one. This is what the machine has to give: the load generator uses its CPUs too.`,
    `Carnet's gain is ${withSpread(shareOfGain(results), percent)} of the floor's.`,
    figuresOf(results, "carnet-before").length === 0
      ? "No other checkout was measured. To add one: `npm run bench -- workers --baseline <path>`."
      : `Two workers issue ${times("carnet-workers-2", "carnet-before", rates)} the tokens of the checkout before, with ${times("carnet-workers-2", "carnet-before", cpu)} the CPU per token. One process issues ${times("carnet", "carnet-before", rates)}, with ${times("carnet", "carnet-before", cpu)} the CPU.`,
  ];
  const markdown = `## Workers\n\nCPU and memory are those of all processes, the supervisor included. Each floor process has a socket of its own on the port, as Carnet's workers have.\n\n${figuresTable(results, "carnet")}\n\n${facts.map((fact) => `- ${fact}`).join("\n")}`;
  return { markdown, plots: {} };
}

export function storesSection(results: readonly Figures[]): Section {
  const intro =
    "The client is in memory, so neither database is asked for it. CPU and memory are those of Carnet alone, without the PostgreSQL server.";
  return { markdown: `## Stores\n\n${intro}\n\n${figuresTable(results, "carnet")}`, plots: {} };
}

function figuresTable(results: readonly Figures[], reference: string): string {
  const compared = figuresOf(results, reference);
  const rows = results.map(({ title, settings, slices }) => [
    title,
    withSpread(spreadOf(rates(slices)), whole),
    withSpread(ratiosOf(rates(slices), rates(compared)), percent),
    figure(medianOf(cpu(slices))),
    milliseconds(medianOf(slices.map(({ p50 }) => p50))),
    milliseconds(medianOf(slices.map(({ p99 }) => p99))),
    megabytes(medianOf(known(slices.map(({ resident }) => resident)))),
    settings,
  ]);
  const head = [
    "32 connections, closed loop",
    "tokens/s",
    "relative to the first row",
    "CPU µs per token",
    "p50",
    "p99",
    "memory",
    "configuration",
  ];
  return table(head, rows);
}
