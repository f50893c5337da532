import type { CallFrame } from "./shares.ts";

type Rule = { readonly name: string; readonly holds: (frame: CallFrame) => boolean };

const inFile =
  (...parts: readonly string[]) =>
  ({ url }: CallFrame): boolean =>
    parts.some((part) => url.includes(part));

const called =
  (...names: readonly string[]) =>
  ({ functionName }: CallFrame): boolean =>
    names.includes(functionName);

/** What time is spent on. A sample counts for the innermost of its frames that fits, the rules tried in this order. */
const rules: readonly Rule[] = [
  { name: "garbage collection", holds: called("(garbage collector)") },
  { name: "native code outside of JavaScript", holds: called("(program)") },
  { name: "signing (ES256)", holds: called("signOneShot") },
  { name: "HMAC of the secret", holds: inFile("crypto/secret-hasher.ts", "node:internal/crypto/hash") },
  { name: "writing to the socket", holds: called("writeUtf8String", "writeLatin1String", "writev", "writeBuffer") },
  { name: "records: lines and their write", holds: inFile("server/src/log/", "sonic-boom", "node_modules/pino") },
  { name: "encoding the JWT", holds: inFile("crypto/signing-key.ts", "token/mint.ts", "access-token-claims.ts") },
  { name: "store: Kysely and SQLite", holds: inFile("server/src/store/", "node_modules/kysely", "node:sqlite") },
  { name: "client and secret checks", holds: inFile("authenticate-client.ts", "core/src/client/") },
  { name: "addresses", holds: inFile("ipaddr.js", "protocol/src/cidr.ts") },
  { name: "parsing and rendering the message", holds: inFile("packages/protocol/", "packages/core/") },
  {
    name: "Fastify",
    holds: inFile("node_modules/fastify", "find-my-way", "toad-cache", "avvio", "fast-json-stringify", "ajv"),
  },
  { name: "our HTTP layer", holds: inFile("packages/server/src/http/") },
  { name: "loading TypeBox", holds: inFile("node_modules/typebox") },
  { name: "the rest of ours", holds: inFile("packages/") },
  { name: "loading and compiling modules", holds: inFile("node:internal/modules", "amaro", "node:internal/bootstrap") },
  {
    name: "node:http, streams and sockets",
    holds: inFile(
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
    const rule = rules.find(({ holds }) => holds(frame));
    if (rule !== undefined) return rule.name;
  }
  return "the rest of Node";
}
