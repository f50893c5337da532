import assert from "node:assert/strict";
import { test } from "node:test";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { SecretId } from "@carnet/protocol/ids";
import { queryOf } from "@carnet/testkit/all-clients";
import { plainClient, secretOf } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { databases, openTestStore } from "@carnet/testkit/test-database";

for (const { name, open } of databases)
  test(`${name}: many uses are stored in several steps, and other work runs between them`, async () => {
    await using under = await openTestStore(open);
    const clients = Array.from({ length: 1200 }, (_, number) => ({
      ...plainClient(`app-${String(number).padStart(4, "0")}`),
      secrets: [secretOf(`${number}x`.padEnd(6, "0"))],
    }));
    await under.store.insert(clients, withEvent());
    const uses = new Map<SecretId, SecretUse>();
    clients.forEach(({ secrets }, at) => {
      for (const { secretId } of secrets) uses.set(secretId, { at, from: "192.0.2.1" });
    });
    let turns = 0;
    let done = false;
    const countTurns = (): void => {
      if (done) return;
      turns++;
      setImmediate(countTurns);
    };
    setImmediate(countTurns);
    await under.store.recordUses(uses);
    done = true;
    assert.ok(turns >= 2, `others had ${turns} turns`);
    const page = await under.other.search(queryOf({ limit: 2000 }));
    assert.deepEqual(
      page.clients.map(({ secrets: [secret] }) => secret?.lastUse?.at),
      clients.map((_, at) => at),
    );
  });
