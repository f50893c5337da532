// A reader who follows the README and then each guide that it links to, in one folder, meets no error.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { blocksOf, callApi, readersFolder, runBlock, saveFiles, startDev } from "./support/reader.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const guides = [...new Set([...readme.matchAll(/\]\((docs\/guide\/[^)#]+)/g)].map(([, page = ""]) => page))];

/** These blocks install this repository, or set what the reader saw. Other tests run them. */
const isSetUp = (block: string): boolean => /^(npm ci|export CARNET_)/.test(block);

suite("the README and its guides", () => {
  test("the README links to every guide", () => {
    assert.deepEqual([...guides].sort(), globSync("docs/guide/*.md", { cwd: root }).sort());
  });

  test("all commands work, one after another, in the order of the README", async () => {
    await using cleanup = new AsyncDisposableStack();
    const { folder, env } = await readersFolder();
    cleanup.use(folder);
    const dev = cleanup.use(await running(folder.path));
    const shell = {
      ...env,
      CARNET_SERVER_URL: dev.url,
      CARNET_CLIENT_ID: "demo",
      CARNET_CLIENT_SECRET: /^Secret, shown only once:\n {2}(\S+)$/m.exec(dev.carnet.stdout)?.[1] ?? "",
      EXISTING_ID: "8f14e45f-ceea-467f-a8d3-3d9d1c1a6b11",
      EXISTING_SECRET: "an existing secret with words",
      ISSUER: Object(await (await fetch(`${dev.url}/.well-known/oauth-authorization-server`)).json()).issuer,
    };
    const pages = ["README.md", ...guides];
    let blocks = 0;
    for (const page of pages) {
      if (page.endsWith("running.md")) {
        await dev.pause(() => serve(page, folder.path, { ...env, CARNET_PORT: new URL(dev.url).port }));
        continue;
      }
      saveFiles(page, folder.path);
      for (const block of blocksOf(page).filter((one) => !isSetUp(one))) {
        blocks++;
        assert.match(await runBlock(block, folder.path, shell), /^\S/, `${page}: ${block}`);
      }
      if (page.endsWith("verifying.md")) await callApi(page, folder.path, shell);
    }
    assert.ok(blocks >= 20, `${blocks} blocks`);
  });
});

/** `carnet dev`, which can be stopped and started again on the same address. */
async function running(cwd: string) {
  let { carnet, url } = await startDev(cwd);
  return {
    ...{ carnet, url },
    async pause(meanwhile: () => Promise<void>) {
      carnet.kill("SIGINT");
      assert.equal((await carnet.finished()).code, 0);
      await meanwhile();
      ({ carnet, url } = await startDev(cwd, new URL(url).port));
    },
    [Symbol.asyncDispose]: () => carnet[Symbol.asyncDispose](),
  };
}

/** Runs the command of the guide to running the service on the store that is there. */
async function serve(page: string, cwd: string, env: Readonly<Record<string, string>>): Promise<void> {
  const [block = "", ...others] = blocksOf(page);
  assert.deepEqual(others, []);
  await using carnet = new CarnetProcess([], {
    ...{ cwd, command: ["bash", "-euo", "pipefail", "-c", block] },
    env: { ...env, CARNET_HOST: "127.0.0.1" },
  });
  await carnet.prints("stdout", /"event":"listening"/);
}
