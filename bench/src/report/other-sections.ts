import type { ProfileResults } from "../modes/profile.ts";
import type { RecordingResults } from "../modes/recording.ts";
import type { RefusalResults } from "../modes/refusals.ts";
import type { RegistryResult } from "../modes/registry.ts";
import type { LibraryResult } from "../sdk/tasks.ts";
import { medianOf, ratiosOf, spreadOf } from "../statistics.ts";
import { cpu, mainThread, rates } from "./issuing-section.ts";
import type { Section } from "./section.ts";
import { barPlot } from "./svg.ts";
import { figure, known, megabytes, milliseconds, percent, table, whole, withSpread } from "./words.ts";

/** The parts of the page that have one table each. */

export function recordingSection({ recorded, unrecorded }: RecordingResults): Section {
  const ratio = ratiosOf(rates(recorded), rates(unrecorded));
  const row = (title: string, slices: RecordingResults["recorded"]) => [
    title,
    withSpread(spreadOf(rates(slices)), whole),
    figure(medianOf(cpu(slices))),
  ];
  const rows = [row("with its records", recorded), row("nothing recorded", unrecorded)];
  const markdown = `## Recording\n\nOurs as it is, and with the one module that writes token records replaced by nothing, in turns: the throughput with records is ${withSpread(ratio, percent)} of that without.\n\n${table(["Carnet", "tokens/s", "CPU µs a token"], rows)}`;
  return { markdown, plots: {} };
}

export function registrySection(results: readonly RegistryResult[]): Section {
  const rows = results.map((result) => {
    const few = results.find(({ law, clients }) => law === result.law && clients === 10);
    return [
      `${whole(result.clients)} clients, ${result.law}`,
      withSpread(spreadOf(rates(result.slices)), whole),
      withSpread(ratiosOf(rates(result.slices), rates(few?.slices ?? [])), percent),
      figure(medianOf(cpu(result.slices))),
      megabytes(medianOf(known(result.slices.map(({ resident }) => resident)))),
      withSpread(spreadOf(result.starts), (value) => `${Math.round(value)} ms`),
      result.clients < 1000 ? "–" : whole(result.eachOnce.rate),
    ];
  });
  const head = [
    "registry",
    "tokens/s",
    "of 10 clients",
    "CPU µs",
    "memory",
    "start to first token",
    "each asked once, tokens/s",
  ];
  const bars = results.map(({ clients, law, slices }) => ({
    label: `${whole(clients)}, ${law}`,
    value: medianOf(rates(slices)),
    text: whole(medianOf(rates(slices))),
    ours: law === "zipf",
  }));
  const intro =
    "Each client has a secret of its own. Each was first asked once, in a shuffled order, which reads it from the store; small registries were then asked on, up to a hundred thousand tokens, so that V8 knows them as well as the big one. Then each process was asked in turns by both laws: by the uniform one all clients are equally likely, Zipf's has the exponent 1.";
  return {
    markdown: `## Scale of the registry\n\n${intro}\n\n${table(head, rows)}\n\n![registry](results/registry.svg)`,
    plots: { "registry.svg": barPlot("Tokens a second by the size of the registry, 32 connections", bars) },
  };
}

export function refusalsSection(results: RefusalResults): Section {
  const tokens = cpu(results.tokens);
  const row = (title: string, slices: RefusalResults["tokens"]) => [
    title,
    withSpread(spreadOf(rates(slices)), whole),
    figure(medianOf(cpu(slices))),
    withSpread(ratiosOf(cpu(slices), tokens), (ratio) => figure(ratio, "×")),
    figure(medianOf(mainThread(slices))),
    milliseconds(medianOf(slices.map(({ p99 }) => p99))),
  ];
  const costs = table(
    ["32 connections, closed loop", "answers/s", "CPU µs an answer", "of a token", "main thread µs", "p99"],
    [
      row("right secret: a token", results.tokens),
      row("wrong secret", results.wrongSecrets),
      row("unknown client", results.unknownClients),
    ],
  );
  const share = ratiosOf(rates(results.besideWrong), rates(results.besideHonest));
  const honest = table(
    ["32 honest connections", "tokens/s", "p99"],
    [
      [
        "alone",
        withSpread(spreadOf(rates(results.tokens)), whole),
        milliseconds(medianOf(results.tokens.map(({ p99 }) => p99))),
      ],
      [
        "beside 32 more honest ones",
        withSpread(spreadOf(rates(results.besideHonest)), whole),
        milliseconds(medianOf(results.besideHonest.map(({ p99 }) => p99))),
      ],
      [
        "beside 32 that send wrong secrets",
        withSpread(spreadOf(rates(results.besideWrong)), whole),
        milliseconds(medianOf(results.besideWrong.map(({ p99 }) => p99))),
      ],
    ],
  );
  const stated = `Beside 32 connections that send wrong secrets as fast as they can, honest callers keep ${withSpread(share, percent)} of what they keep beside 32 more honest ones; 60 % is what we state here as the least: a refusal takes less CPU than a token and yet holds the main thread longer, since a token is signed beside it for the most part. An unknown id takes the work of some other client of the store, so what it costs differs as clients differ, and does not tell whether an id exists. Not measured here: a registry that holds slow-hashed secrets, where refusals wait for a slow hash off the event loop.`;
  return { markdown: `## Refusals\n\n${costs}\n\n${stated}\n\n${honest}`, plots: {} };
}

export function sdkSection(results: readonly LibraryResult[]): Section {
  const rows = results.map(({ title, version, use, cached, fetch, bareFetch, herd }) => [
    `${title} ${version}`,
    figure(cached.time, " ns"),
    fetch === undefined ? "–" : withSpread(fetch, (ratio) => figure(ratio, "×")),
    figure(bareFetch, " µs"),
    figure(herd.milliseconds, " ms"),
    whole(herd.tokenRequests),
    whole(herd.failed),
    use,
  ]);
  const callers = whole(results[0]?.herd.callers ?? 0);
  const head = [
    "library",
    "kept token",
    "authorised GET: CPU against a bare one",
    "bare GET: CPU",
    `${callers} callers at once`,
    "token requests they made",
    "callers that failed",
    "use",
  ];
  return { markdown: `## SDK\n\n${table(head, rows)}`, plots: {} };
}

export function profileSection({ tokens, refusals, start }: ProfileResults): Section {
  const names = [...new Set([...tokens.shares, ...refusals.shares, ...start.shares].map(({ name }) => name))];
  const of = (profile: ProfileResults["tokens"], name: string) =>
    percent(profile.shares.find((share) => share.name === name)?.share ?? 0);
  const rows = names.map((name) => [name, of(tokens, name), of(refusals, name), of(start, name)]);
  const top = tokens.top.map(({ name, share }) => [`\`${name.replaceAll("|", "\\|")}\``, percent(share)]);
  return {
    markdown: `## Where our time goes\n\nShares of the busy time of the main thread by V8's sampling profiler (which itself slows short functions more than long ones), 32 connections.\n\n${table(["", "a token", "a refusal", `the start (${Math.round(start.busy)} ms busy)`], rows)}\n\nThe functions that take most themselves, for a token:\n\n${table(["function", "share"], top)}`,
    plots: {},
  };
}
