// The first two steps of the guide to monitoring, as somebody in an empty folder follows them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { readersFolder, runBlock } from "../support/reader.ts";

const page = join(import.meta.dirname, "../../docs/operate/monitoring.md");

test("the guide to monitoring starts a service and reads its metrics", async () => {
  const { folder, env } = await readersFolder();
  await using _ = folder;
  const port = String(await freePort());
  const guide = readFileSync(page, "utf8").replaceAll("9464", port);
  const [start = "", read = ""] = [...guide.matchAll(/^ +```sh\n(.*?)^ +```/gms)].map(([, text = ""]) => text);
  await using carnet = new CarnetProcess([], {
    cwd: folder.path,
    env: { ...env, CARNET_PORT: String(await freePort()), CARNET_HOST: "127.0.0.1" },
    command: ["bash", "-euo", "pipefail", "-c", start],
  });
  await carnet.prints("stdout", /"event":"management_listening"[\s\S]*"event":"listening"/);
  assert.match(await runBlock(read, folder.path, env), /^carnet_tokens_issued_total 0$/m);
});
