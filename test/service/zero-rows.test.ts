// Tokens leave no rows: the store is the same after many tokens of a client as after its first one.
// TOKENS makes it more (`npm run soak`).
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { askInCrowd } from "@carnet/testkit/crowd";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const many = Number(process.env["TOKENS"] ?? 1000);
const batch = 640;

/** The number of rows in each table of a store once a service has issued so many tokens and has stopped. */
async function rowsAfter(tokens: number): Promise<Record<string, unknown>> {
  await using folder = await temporaryFolder();
  const file = folder.file("carnet.db");
  {
    const settings = { store: `sqlite:${file}`, journal: "stdout" }; // the journal has a record of each token
    await using service = await startTestService({
      clock: new FixedClock("2026-11-21T12:00:00Z"), // on a later day, the client has another row of usage
      settings,
      log: "discard",
    });
    const client = await service.register({ client_id: "app", scope: "file:read" });
    for (let issued = 0; issued < tokens; issued += batch) {
      const callers = Array.from({ length: Math.min(batch, tokens - issued) }, () => client);
      for (const answer of await askInCrowd(service.url, callers)) assert.match(answer, /^HTTP\/1\.1 200 /);
    }
  }
  using store = new DatabaseSync(file, { readOnly: true });
  const tables = store.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  return Object.fromEntries(
    tables.map(({ name }) => [name, store.prepare(`select count(*) as rows from "${name}"`).get()?.["rows"]]),
  );
}

test(`${many} tokens of one client write no row`, async () => {
  const [first, all] = [await rowsAfter(1), await rowsAfter(many)];
  assert.deepEqual(all, first);
  assert.deepEqual([first["clients"], first["client_usage"], first["revocations"]], [2, 1, 0]); // the first admin is a client too
});
