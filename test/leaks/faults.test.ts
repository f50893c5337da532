import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFault, framesOf } from "@carnet/server/fault";
import { buildApp } from "@carnet/server/http/app";
import type { ClientPorts, HttpPorts } from "@carnet/server/http/http-ports";
import { createLog } from "@carnet/server/log/logger";
import { answerOf } from "@carnet/testkit/answer-of";
import { httpPortsOf } from "@carnet/testkit/http-ports";
import fc from "fast-check";
import { PlantedSecrets } from "./planted.ts";
import { type Credentials, openTokenWorld, type TokenWorld } from "./token-world.ts";

/** Errors that quote a secret in one of their parts, as drivers, parsers and libraries do. */
const errorsThatQuote: Readonly<Record<string, (secret: string) => unknown>> = {
  "its message": (s) => new Error(`near "${s}": syntax error`),
  "a message of many lines": (s) => new Error(`cannot bind\n    at ${s}\n    at parameter (${s})`),
  "its cause": (s) => new Error("failed", { cause: new Error(s, { cause: s }) }),
  "its name": (s) => Object.assign(new Error("failed"), { name: s }),
  "its code": (s) => Object.assign(new Error("failed"), { code: s }),
  "its stack": (s) => Object.assign(new Error("failed"), { stack: `Error: ${s}\n    at ${s}:1:1` }),
  "its properties": (s) => Object.assign(new Error("failed"), { sql: s, parameters: [s], toJSON: () => s }),
  "its members": (s) => new AggregateError([new Error(s)], s),
  "a thrown string": (s) => s,
  "a thrown object": (s) => ({ message: s, stack: s, toString: () => s }),
  "the error of a JSON parser": (s) => {
    try {
      return JSON.parse(`{"secret": x${s}`);
    } catch (error) {
      return error;
    }
  },
  "its status": (s) => Object.assign(new Error(s), { statusCode: 400, code: "FST_ERR_CTP_INVALID_CONTENT_LENGTH" }),
};

/** For each port of a token request, ports in which it fails with the given error. */
const failing: Readonly<Record<string, (ports: ClientPorts, error: unknown) => ClientPorts>> = {
  clock: (ports, error) => ({ ...ports, clock: { now: () => raise(error) } }),
  store: (ports, error) => ({
    ...ports,
    directory: Object.assign(Object.create(ports.directory), {
      peek: () => undefined,
      read: () => Promise.reject(error),
    }),
  }),
  hasher: (ports, error) => ({ ...ports, hasher: { ...ports.hasher, current: "first", digests: () => raise(error) } }),
  signer: (ports, error) => ({ ...ports, signer: { sign: () => raise(error) } }),
  random: (ports, error) => ({ ...ports, random: { ...ports.random, uuid: () => raise(error) } }),
  recorder: (ports, error) => ({ ...ports, recorder: { record: () => raise(error) } }),
  "recorder that fails later": (ports, error) => ({ ...ports, recorder: { record: () => Promise.reject(error) } }),
};

function raise(error: unknown): never {
  throw error;
}

function httpPorts(world: TokenWorld, token: ClientPorts, log: string[]): HttpPorts {
  const written = createLog("trace", { write: (line) => void log.push(line) });
  return httpPortsOf({ ...world, ports: token }, { log: written });
}

async function requestToken(world: TokenWorld, ports: ClientPorts, { clientId, secret }: Credentials) {
  const log: string[] = [];
  await using app = buildApp(httpPorts(world, ports, log));
  const answer = await answerOf(app, {
    method: "POST",
    url: `/oauth2/token?hint=${secret.slice(24)}`,
    headers: { "content-type": "application/x-www-form-urlencoded", "x-request-id": "same-id" },
    payload: `grant_type=client_credentials&client_id=${clientId}&client_secret=${secret}`,
  });
  assert.ok(world.store !== undefined);
  return { answer, log: log.join(""), whole: JSON.stringify([answer.statusCode, answer.headers, answer.body]) };
}

for (const [port, fail] of Object.entries(failing)) {
  test(`shows no secret quoted by an error of the ${port} in the response or the log`, async () => {
    await using world = await openTokenWorld();
    const client = await world.register({});
    for (const [where, quoting] of Object.entries(errorsThatQuote)) {
      const planted = new PlantedSecrets();
      const secret = planted.text("the client's secret", client.secret.slice(24));
      const { answer, log, whole } = await requestToken(world, fail(world.ports, quoting(secret)), client);
      assert.ok(answer.statusCode === 500 || where === "its status", `${where}: ${answer.statusCode}`);
      planted.assertAbsent(whole, `The response to an error that quotes in ${where}`);
      planted.assertAbsent(log, `The log of an error that quotes in ${where}`);
      assert.match(log, /same-id|^$/);
    }
  });
}

test("logs where a fault was thrown, but not its message", async () => {
  await using world = await openTokenWorld();
  const client = await world.register({});
  const { log } = await requestToken(
    world,
    failing["hasher"]?.(world.ports, new RangeError("quoted")) ?? world.ports,
    client,
  );
  const line = JSON.parse(log);
  assert.equal(line.fault, "RangeError");
  assert.match(line.frames.join("\n"), /faults\.test\.ts/);
  assert.doesNotMatch(log, /quoted/);
});

test("shows no message, name or code of any error", () => {
  const secret = "kLmNoPqRsTuVwXyZaBcDeFgHiJ";
  const planted = new PlantedSecrets();
  planted.text("the secret", secret);
  const piece = fc.constantFrom(secret, "\n", "    at ", "Error", ": ", " (", ")", "file.ts:1:1", "\r", " ");
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  const error = fc
    .record({ message: text, name: text, code: text, causes: fc.nat(3) }, { noNullPrototype: true })
    .map(({ message, name, code, causes }) => {
      let made = Object.assign(new Error(message), { code });
      if (name !== "") made.name = name;
      for (let depth = 0; depth < causes; depth++) made = Object.assign(new Error(message, { cause: made }), { code });
      return made;
    });
  fc.assert(
    fc.property(error, (thrown) => {
      planted.assertAbsent(JSON.stringify([describeFault(thrown), framesOf(thrown)]), "The description of an error");
    }),
    { numRuns: 1000 },
  );
});
