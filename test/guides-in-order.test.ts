// A reader who follows the README and then each guide that it links to, in one folder, meets no error. Only the session of
// audit.md has a folder of its own, in audit-guide.test.ts, because its output depends on all that happened before.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { blocksOf, callApi, readersFolder, runBlock, saveFiles, startDev } from "./support/reader.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const guides = [...new Set([...readme.matchAll(/\]\((docs\/guide\/[^)#]+)/g)].map(([, page = ""]) => page))];

/** How many blocks of commands a guide has, so that a change of its form does not hide them. */
const atLeast: Readonly<Record<string, number>> = {
  "docs/guide/admin-api.md": 1,
  "docs/guide/claims.md": 2,
  "docs/guide/configuration-as-code.md": 2,
  "docs/guide/credentials.md": 10,
  "docs/guide/explain.md": 1,
  "docs/guide/introspection.md": 4,
  "docs/guide/revoking.md": 5,
  "docs/guide/usage.md": 3,
};

/** These blocks install this repository, or set what the reader saw. Other tests run them. */
const isSetUp = (block: string): boolean => /^(npm ci|export CARNET_)/.test(block);

suite("the README and its guides", () => {
  test("the README links to every guide", () => {
    assert.deepEqual([...guides].sort(), globSync("docs/guide/*.md", { cwd: root }).sort());
  });

  test("no two pages create the same client", () => {
    const created = ["README.md", ...guides].flatMap((page) =>
      [
        ...blocksOf(page)
          .join("")
          .matchAll(/carnet client create --client-id ("[^"]+"|\S+)/g),
      ].map(([, id]) => id),
    );
    assert.ok(created.length >= 8, created.join());
    assert.deepEqual(created, [...new Set(created)]);
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
    const printed = new Map<string, readonly string[]>();
    for (const page of pages.filter((one) => !one.endsWith("audit.md"))) {
      if (page.endsWith("running.md")) {
        await dev.pause(() => serve(page, folder.path, { ...env, CARNET_PORT: new URL(dev.url).port }));
        continue;
      }
      saveFiles(page, folder.path);
      const blocks = blocksOf(page).filter((one) => !isSetUp(one));
      assert.ok(blocks.length >= (atLeast[page] ?? 0), `${page}: ${blocks.length} blocks`);
      for (const block of blocks) {
        const stdout = await runBlock(block, folder.path, shell);
        assert.match(stdout, /^\S/, `${page}: ${block}`);
        printed.set(page, [...(printed.get(page) ?? []), stdout]);
      }
      if (page.endsWith("protect-an-api.md")) await callApi(page, folder.path, shell);
    }
    assert.ok([...printed.values()].flat().length >= 20);
    const [, active = "", revoked, signed = ""] = printed.get("docs/guide/introspection.md") ?? [];
    assert.match(active, /^\{"active":true,"iss":"[^"]+","sub":"demo",.*"token_type":"Bearer"\}$/);
    const [shown = ""] = blocksOf("docs/guide/introspection.md", "json");
    assert.deepEqual(Object.keys(JSON.parse(shown)), Object.keys(JSON.parse(active)));
    assert.equal(revoked, '{"active":false}');
    assert.match(signed, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const [applied = ""] = printed.get("docs/guide/configuration-as-code.md") ?? [];
    assert.match(applied, /^\+ create .*archive-export\n\+ create .*graph-sync\n2 to do, 0 unchanged\.\n\+ create/);
    assert.match(applied, /\n0 to do, 2 unchanged\.\n$/);
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
