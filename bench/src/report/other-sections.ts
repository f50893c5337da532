import type { ProfileResults } from "../modes/profile.ts";
import type { RecordingLoad } from "../modes/recording.ts";
import type { RefusalResults } from "../modes/refusals.ts";
import type { RegistryResult } from "../modes/registry.ts";
import type { LibraryResult } from "../sdk/tasks.ts";
import { medianOf, ratiosOf, spreadOf } from "../statistics.ts";
import { figure, known, megabytes, milliseconds, percent, table, whole, withSpread } from "./format.ts";
import { cpu, rates } from "./issuing-section.ts";
import type { Section } from "./section.ts";
import { barPlot } from "./svg.ts";

/** The smaller sections of the page. */

export function recordingSection(loads: readonly RecordingLoad[]): Section {
  const workers = loads[0]?.workers;
  const processes = workers === undefined ? "Carnet in one process," : `Carnet with ${workers} workers,`;
  const rows = loads.flatMap(({ connections, recorded, strict, unrecorded }) => {
    const row = (title: string, slices: RecordingLoad["recorded"]) => [
      `${connections} connections, ${title}`,
      withSpread(spreadOf(rates(slices)), whole),
      withSpread(ratiosOf(rates(slices), rates(unrecorded)), percent),
      figure(medianOf(cpu(slices))),
    ];
    return [
      row("the journal synced every second (the default)", recorded),
      row("the journal synced before each answer (strict mode)", strict),
      row("no recording", unrecorded),
    ];
  });
  const markdown = `## Recording\n\n${processes} with its journal in both modes, and without the module that records events, in alternating slices of a quarter of a second. Records of one turn of the event loop share a write, and records of one sync share it, so more callers at a time make each cheaper.\n\n${table(["Carnet", "tokens/s", "relative to no recording", "CPU µs per token"], rows)}`;
  return { markdown, plots: {} };
}

export function registrySection(results: readonly RegistryResult[]): Section {
  const rows = results.map((result) => {
    const few = results.find(({ distribution, clients }) => distribution === result.distribution && clients === 10);
    return [
      `${whole(result.clients)} clients, ${result.distribution}`,
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
    "uncached, tokens/s",
  ];
  const bars = results.map(({ clients, distribution, slices }) => ({
    label: `${whole(clients)}, ${distribution}`,
    value: medianOf(rates(slices)),
    text: whole(medianOf(rates(slices))),
    ours: distribution === "zipf",
  }));
  const intro =
    'Each client has its own secret.\n\n- First every client requests one token in a shuffled order, which reads it from the store (the column "uncached").\n- Then small registries get more requests, up to a hundred thousand tokens in total, so that V8 is equally warm.\n- Then each process is measured in alternating rounds with uniformly distributed clients and with a Zipf distribution (exponent 1).';
  return {
    markdown: `## Scale of the registry\n\n${intro}\n\n${table(head, rows)}\n\n![registry](results/registry.svg)`,
    plots: { "registry.svg": barPlot("Tokens per second by registry size, 32 connections", bars) },
  };
}

export function refusalsSection(results: RefusalResults): Section {
  const tokens = cpu(results.tokens);
  const row = (title: string, slices: RefusalResults["tokens"]) => [
    title,
    withSpread(spreadOf(rates(slices)), whole),
    figure(medianOf(cpu(slices))),
    withSpread(ratiosOf(cpu(slices), tokens), (ratio) => figure(ratio, "×")),
    milliseconds(medianOf(slices.map(({ p99 }) => p99))),
  ];
  const costs = table(
    ["32 connections, closed loop", "responses/s", "CPU µs per response", "relative to a token", "p99"],
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
        "with 32 more honest connections",
        withSpread(spreadOf(rates(results.besideHonest)), whole),
        milliseconds(medianOf(results.besideHonest.map(({ p99 }) => p99))),
      ],
      [
        "with 32 connections that send wrong secrets",
        withSpread(spreadOf(rates(results.besideWrong)), whole),
        milliseconds(medianOf(results.besideWrong.map(({ p99 }) => p99))),
      ],
    ],
  );
  const stated = `With 32 connections that send wrong secrets as fast as they can, honest callers keep ${withSpread(share, percent)} of the throughput that they have with 32 more honest connections. The limit that we promise is 60 %.`;
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
    "cached token",
    "CPU of an authorised GET relative to a bare one",
    "CPU of a bare GET",
    `${callers} concurrent callers`,
    "token requests",
    "failed callers",
    "usage",
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
    markdown: `## Profile of Carnet\n\nShares of the main thread's busy time from V8's sampling profiler, with 32 connections. The profiler slows short functions more than long ones.\n\n${table(["", "token", "refusal", `start (${Math.round(start.busy)} ms busy)`], rows)}\n\nThe functions with the most self time, for a token:\n\n${table(["function", "share"], top)}`,
    plots: {},
  };
}
