import type { FeedResult } from "../modes/revocations.ts";
import { medianOf, spreadOf } from "../statistics.ts";
import { figure, megabytes, table, whole, withSpread } from "./format.ts";
import type { Section } from "./section.ts";

const head = [
  "live revocations",
  "bytes",
  "compressed",
  "to sign anew",
  "CPU of a 200",
  "200s/s",
  "CPU of a 304",
  "304s/s",
  "memory of the service",
  "one guard, a change each second",
];

export function revocationsSection(results: readonly FeedResult[]): Section {
  const rows = results.map((result) => [
    whole(result.revocations),
    whole(result.bytes),
    whole(result.compressed),
    withSpread(spreadOf(result.signing), (value) => figure(value, " ms")),
    figure(medianOf(result.whole.map(({ cpu }) => cpu)), " µs"),
    whole(medianOf(result.whole.map(({ rate }) => rate))),
    figure(medianOf(result.unchanged.map(({ cpu }) => cpu)), " µs"),
    whole(medianOf(result.unchanged.map(({ rate }) => rate))),
    megabytes(result.resident),
    `${figure((result.bytes * 8) / 1e6)} Mbit/s`,
  ]);
  return { markdown: `## Revocation feed\n\n${intro}\n\n${table(head, rows)}\n\n${deltas}`, plots: {} };
}

const intro =
  "`GET /oauth2/revocations` over 8 connections that read as fast as they can. All revocations are of single tokens, which take the most room. A 304 is the answer to a reader that has the feed. A guard polls each second: the last column is what it reads when each poll finds a change. Compressed is what a CDN can send.";

const deltas =
  "**Deltas are not needed to hold the bound.** The largest feed is signed and sent well within a second on a local network. Without a change, a guard reads it once in five seconds, when it is signed anew. With a CDN, the service sends it at most once a second to each of the CDN's places, and only guards pay for the size. A hundred thousand live revocations with tokens that live for ten minutes are 160 revoked tokens each second, so few services come near.";
