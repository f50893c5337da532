import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { OperatorFault } from "@carnet/server/fault";
import { connectPostgres } from "@carnet/server/store/postgres/open-postgres";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";
import { type PostgresServer, sharedPostgres, startPostgres } from "@carnet/testkit/postgres-server";
import { addressOf } from "@carnet/testkit/test-database";
import { sql } from "kysely";

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures/tls");
const ca = join(fixtures, "ca.pem");

let server: PostgresServer;
before(async () => {
  const [cert, key] = ["server.pem", "server.key"].map((file) => readFileSync(join(fixtures, file), "utf8"));
  server = await startPostgres({ tls: { cert: cert ?? "", key: key ?? "" } });
});
after(() => server[Symbol.asyncDispose]());

/** Whether the connection is encrypted. `127.1` is another spelling of 127.0.0.1, which the certificate does not name. */
async function isEncrypted(at: PostgresServer, host: string, parameters: string): Promise<unknown> {
  const url = (await at.createDatabase()).replace("@127.0.0.1:", `@${host}:`);
  const db = connectPostgres(addressOf(url + parameters), { timeout: 5000, connections: 2, passwordFile: undefined });
  try {
    const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
    return rows[0]?.ssl;
  } finally {
    await db.destroy();
  }
}

const refused = (sentence: RegExp) => (error: unknown) =>
  error instanceof OperatorFault && !(error instanceof StoreUnavailable) && sentence.test(error.message);

const untrusted = refused(/The TLS connection to .* cannot be trusted \(\w+\): check sslrootcert and the host/);

suite("TLS to PostgreSQL, with libpq's modes", () => {
  for (const [parameters, host, encrypted] of [
    ["?sslmode=disable", "127.0.0.1", false],
    ["", "127.0.0.1", true],
    ["?sslmode=prefer", "127.1", true],
    ["?sslmode=require", "127.1", true],
    [`?sslmode=require&sslrootcert=${ca}`, "127.1", true],
    [`?sslmode=verify-ca&sslrootcert=${ca}`, "127.1", true],
    [`?sslmode=verify-full&sslrootcert=${ca}`, "127.0.0.1", true],
    [`?sslmode=verify-full&sslrootcert=${ca}`, "localhost", true],
  ] as const)
    test(`${parameters.replace(ca, "ca.pem") || "the default"} at ${host}: ${encrypted ? "encrypted" : "in the clear"}`, async () => {
      assert.equal(await isEncrypted(server, host, parameters), encrypted);
    });

  test("verify-full refuses a server with another name in its certificate", async () => {
    await assert.rejects(isEncrypted(server, "127.1", `?sslmode=verify-full&sslrootcert=${ca}`), untrusted);
  });

  test("a certificate of an unknown authority is refused by every mode that checks it", async () => {
    for (const mode of ["verify-ca", "verify-full"])
      for (const root of ["", "&sslrootcert=system"])
        await assert.rejects(isEncrypted(server, "127.0.0.1", `?sslmode=${mode}${root}`), untrusted, mode + root);
  });

  test("a server without TLS is used by prefer, and refused by the stricter modes with a next step", async () => {
    const plain = await sharedPostgres();
    assert.equal(await isEncrypted(plain, "127.0.0.1", "?sslmode=prefer"), false);
    for (const mode of ["require", "verify-ca", "verify-full"])
      await assert.rejects(
        isEncrypted(plain, "127.0.0.1", `?sslmode=${mode}`),
        refused(/does not speak TLS: enable it on the server, or set sslmode=disable/),
      );
  });

  test("a file that cannot be read is named", async () => {
    await assert.rejects(
      isEncrypted(server, "127.0.0.1", "?sslmode=verify-full&sslrootcert=/nowhere/ca.pem"),
      refused(/The TLS file \/nowhere\/ca\.pem cannot be read: .* the parameter sslrootcert of CARNET_STORE/),
    );
  });
});
