import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { SecretUses } from "@carnet/core/client/secret-uses";
import { createEventIds } from "@carnet/server/audit/event-ids";
import { openAudit } from "@carnet/server/audit/open-audit";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { LogOutput } from "@carnet/server/log/log-output";
import { createLog } from "@carnet/server/log/logger";
import { openStore } from "@carnet/server/store/open-store";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { readChains } from "@carnet/testkit/journal-chains";
import { plainClient } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

suite("the background work of the audit", () => {
  test("counts every coming end that the journal could not take, because each is announced only once", async () => {
    await using folder = await temporaryFolder();
    const flags = { dataDir: folder.path };
    const configuration = loadConfiguration({ mode: "dev", flags, environment: {}, file: undefined });
    const clock = new FixedClock("2026-11-26T12:00:00Z");
    const eventIds = createEventIds({ bytes: (length) => new Uint8Array(length) });
    const storage = await openStore(configuration, clock, eventIds);
    const log = createLog("info", { write() {} });
    const output = new LogOutput(process.stdout, () => {});
    const uses = new SecretUses(storage.store);
    const { journal, tasks, ...audit } = openAudit(configuration, {
      ...{ storage, uses, eventIds, clock, log, output },
      consumers: [],
    });
    const expiresAt = clock.now() + 86_400_000;
    const clients = ["one", "two", "three"].map((id) => ({ ...plainClient(id), expiresAt, secrets: [] }));
    await storage.store.insert(clients, withEvent());
    await journal.open();
    rmSync(folder.file("journal"), { recursive: true });
    writeFileSync(folder.file("journal"), "not a folder");
    await journal.maintain();
    assert.ok(journal.isUnavailable);
    await tasks.find(({ name }) => name === "coming ends")?.run();
    rmSync(folder.file("journal"));
    await journal.maintain();
    const [lost] = readChains(folder.file("journal")).flatMap(({ records }) => records);
    assert.deepEqual([lost?.event, lost?.["count"]], ["events_lost", 3]);
    await audit[Symbol.asyncDispose]();
    await storage.db.destroy();
  });
});
