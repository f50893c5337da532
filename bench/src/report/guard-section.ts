import type { GuardResults, GuardRounds } from "../guard/tasks.ts";
import { ratiosOf, spreadOf } from "../statistics.ts";
import { figure, table, withSpread } from "./format.ts";
import type { Section } from "./section.ts";

/** How the page shows verifiers, beside the bare signature check of the same rounds. */
export function guardSection({ bare, verifiers }: GuardResults): Section {
  const row = (name: string, use: string, uncached: GuardRounds, cached: GuardRounds | undefined) => [
    name,
    withSpread(spreadOf(uncached.time), (value) => figure(value, " µs")),
    withSpread(ratiosOf(uncached.time, bare.time), (ratio) => figure(ratio, "×")),
    withSpread(ratiosOf(uncached.cpu, bare.cpu), (ratio) => figure(ratio, "×")),
    cached === undefined ? "–" : withSpread(spreadOf(cached.cpu), (value) => figure(value, " µs")),
    use,
  ];
  const rows = [
    row("the bare check", "`crypto.subtle.verify` of a signature that is decoded already", bare, undefined),
    ...verifiers.map(({ title, version, use, uncached, cached }) => row(`${title} ${version}`, use, uncached, cached)),
  ];
  const intro =
    "ES256 access tokens of Carnet's form, verified one after the other in one process, in alternating rounds. A new token is one that was not seen before; a token from the cache is a new text each time, as in a real request.";
  const head = [
    "verifier",
    "a new token",
    "relative to the bare check",
    "the same by CPU",
    "CPU of a token from its cache",
    "usage",
  ];
  return { markdown: `## Guard\n\n${intro}\n\n${table(head, rows)}`, plots: {} };
}
