import type { CallFrame } from "./cpu-profile.ts";

type Rule = { readonly name: string; readonly matches: (frame: CallFrame) => boolean };

const inFile =
  (...parts: readonly string[]) =>
  ({ url }: CallFrame): boolean =>
    parts.some((part) => url.includes(part));

const called =
  (...names: readonly string[]) =>
  ({ functionName }: CallFrame): boolean =>
    names.includes(functionName);

export const recordsCategory = "recording events";

/** A sample belongs to the first rule that matches its innermost matching frame. */
const rules: readonly Rule[] = [
  { name: "garbage collection", matches: called("(garbage collector)") },
  { name: "native code", matches: called("(program)") },
  { name: "signing (ES256)", matches: called("signOneShot") },
  { name: "HMAC of the secret", matches: inFile("crypto/secret-hasher.ts", "crypto/hmac-sha256.ts") },
  { name: "writing to the socket", matches: called("writeUtf8String", "writeLatin1String", "writev", "writeBuffer") },
  {
    name: recordsCategory,
    matches: inFile(
      "server/src/journal/",
      "server/src/audit/",
      "core/src/audit/",
      "token-events.ts",
      "server/src/log/",
    ),
  },
  { name: "encoding the JWT", matches: inFile("crypto/signing-key.ts", "token/mint.ts", "access-token-claims.ts") },
  { name: "store: Kysely and SQLite", matches: inFile("server/src/store/", "node_modules/kysely", "node:sqlite") },
  { name: "addresses", matches: inFile("ipaddr.js", "core/src/client/cidr.ts") },
  {
    name: "client and secret checks",
    matches: inFile("authenticate-client.ts", "core/src/client/"),
  },
  { name: "parsing and rendering messages", matches: inFile("packages/protocol/", "packages/core/") },
  {
    name: "Fastify",
    matches: inFile("node_modules/fastify", "find-my-way", "toad-cache", "avvio", "fast-json-stringify", "ajv"),
  },
  { name: "HTTP layer", matches: inFile("packages/server/src/http/") },
  { name: "loading TypeBox", matches: inFile("node_modules/typebox") },
  { name: "other Carnet code", matches: inFile("packages/") },
  {
    name: "loading and compiling modules",
    matches: inFile("node:internal/modules", "amaro", "node:internal/bootstrap"),
  },
  {
    name: "node:http, streams and sockets",
    matches: inFile(
      "node:_http",
      "node:internal/streams",
      "node:net",
      "node:events",
      "node:internal/stream_base",
      "node:internal/http",
      "node:internal/timers",
    ),
  },
];

export function categoryOf(stack: readonly CallFrame[]): string {
  for (const frame of stack) {
    const rule = rules.find(({ matches }) => matches(frame));
    if (rule !== undefined) return rule.name;
  }
  return "other Node code";
}
