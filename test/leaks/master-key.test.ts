import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "@carnet/testkit/free-port";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { startCarnet } from "./carnet-child.ts";
import { plantKeys } from "./plant-keys.ts";
import { PlantedSecrets } from "./planted.ts";

test("a rotation of the master key shows no key in any output, file, event, metric or diagnostic report", async () => {
  await using folder = await temporaryFolder();
  const planted = new PlantedSecrets();
  const keys = { old: randomBytes(32), new: randomBytes(32) };
  const [port, managementPort] = [await freePort(), await freePort()];
  await mkdir(folder.file("reports"));
  await writeFile(folder.file("key-in-kms"), keys.old.toString("base64"), { mode: 0o600 });
  const common = { CARNET_DATA_DIR: "data", CARNET_LOG_LEVEL: "trace" };
  const written: string[] = [];
  const run = async (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> => {
    await using child = startCarnet(args, { folder: folder.path, environment: { ...common, ...environment } });
    assert.equal(await child.ended(), 0, child.output().stderr);
    written.push(child.output().stdout, child.output().stderr);
  };
  const database = join(folder.path, "data", "carnet.db");
  {
    await using serve = startCarnet(["serve"], {
      folder: folder.path,
      environment: {
        ...{ ...common, CARNET_ISSUER: `http://127.0.0.1:${port}`, CARNET_HOST: "127.0.0.1", CARNET_PORT: `${port}` },
        ...{
          CARNET_MANAGEMENT_PORT: `${managementPort}`,
          CARNET_MASTER_KEY_COMMAND: "cat key-in-kms | tee /dev/stderr",
        },
        NODE_OPTIONS: "--report-on-signal --report-signal=SIGUSR2 --report-directory=reports",
      },
    });
    await serve.until("stdout", /"listening"/);
    await plantKeys(database, keys.old, planted);
    await run(["master-key", "rotate"], {
      CARNET_MASTER_KEY: keys.old.toString("base64"),
      CARNET_NEW_MASTER_KEY: keys.new.toString("base64"),
    });
    await plantKeys(database, keys.new, planted);
    await run(["master-key", "status"], { CARNET_MASTER_KEY: keys.new.toString("base64") });
    await run(["master-key", "rotate", "--finish", "--yes", "--json"], {
      CARNET_MASTER_KEY: keys.new.toString("base64"),
    });
    await plantKeys(database, keys.new, planted);
    await serve.until("stdout", /"master_key_replaced"/);
    written.push(await (await fetch(`http://127.0.0.1:${managementPort}/metrics`)).text());
    const watcher = watch(folder.file("reports"));
    const report = once(watcher, "change");
    serve.process.kill("SIGUSR2");
    await report;
    watcher.close();
    serve.process.kill("SIGTERM");
    assert.equal(await serve.ended(), 0);
    written.push(serve.output().stdout, serve.output().stderr);
  }
  assert.ok(written.join("").includes("carnet_") && written.join("").includes("data_key"));
  planted.assertAbsent(written.join("\n"), "An output");
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== "key-in-kms");
  for (const name of ["carnet.db", ".jsonl", "report."])
    assert.ok(
      files.some((file) => file.name.includes(name)),
      `there is no ${name}`,
    );
  for (const file of files) planted.assertAbsent(await readFile(join(file.parentPath, file.name)), file.name);
});
