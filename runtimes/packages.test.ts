// The contents of the packed packages, and the folders that must not be packed. Part of `npm run runtimes`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

const manifestOf = (folder: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

for (const name of ["carnet", "sdk", "guard"]) {
  suite(`the files of the packed ${name}`, () => {
    const folder = join(dist, name);

    test("have no broken link", () => {
      const pages = globSync("**/*.md", { cwd: folder });
      assert.ok(pages.includes("README.md"));
      for (const page of pages) {
        for (const [, target = ""] of readFileSync(join(folder, page), "utf8").matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g))
          assert.ok(existsSync(join(folder, dirname(page), target)), `${page}: ${target} is missing`);
      }
    });

    test("send nobody to the repository for a guide or an example", () => {
      for (const page of globSync("**/*.md", { cwd: folder }))
        assert.doesNotMatch(
          readFileSync(join(folder, page), "utf8"),
          /\/blob\/main\/(?:README|docs\/guide|examples)/,
          page,
        );
    });

    test("link to files of the repository that exist", () => {
      const { homepage } = manifestOf(folder);
      for (const page of globSync("**/*.md", { cwd: folder })) {
        for (const [, target = ""] of readFileSync(join(folder, page), "utf8").matchAll(/\]\(([a-z]+:[^)#]+)/g)) {
          if (!target.startsWith(String(homepage))) continue;
          const path = target.slice(`${homepage}/blob/main/`.length);
          assert.ok(existsSync(join(root, path)), `${page}: ${target} is missing`);
        }
      }
    });

    test("have a licence, and each script has its source map with the sources", () => {
      assert.ok(existsSync(join(folder, "LICENSE")));
      const scripts = readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }).filter((file) =>
        file.endsWith(".js"),
      );
      for (const script of scripts.filter((file) => !/^(?:js\/|rolldown-runtime)/.test(file))) {
        const { sources, sourcesContent } = JSON.parse(readFileSync(join(folder, "dist", `${script}.map`), "utf8"));
        assert.equal(sourcesContent.length, sources.length, script);
      }
    });
  });
}

suite("a folder of the workspace", () => {
  for (const folder of globSync("packages/*", { cwd: root })) {
    test(`${folder} cannot be packed`, () => {
      const { status, stderr } = spawnSync("npm", ["pack", "--dry-run"], { cwd: join(root, folder), encoding: "utf8" });
      assert.notEqual(status, 0);
      assert.match(stderr, /Run `npm run pack` at the root instead\./);
    });
  }

  test("is private, or is published from the folder that was packed", () => {
    const published = globSync("packages/*", { cwd: root })
      .map((folder) => ({ folder: join(root, folder), manifest: manifestOf(join(root, folder)) }))
      .filter(({ manifest }) => manifest["private"] !== true);
    assert.deepEqual(published.map(({ manifest }) => manifest["name"]).sort(), [
      "@carnet/guard",
      "@carnet/sdk",
      "carnet",
    ]);
    for (const { folder, manifest } of published) {
      const packed = manifestOf(join(folder, Object(manifest["publishConfig"]).directory));
      assert.equal(packed["name"], manifest["name"]);
      assert.equal(packed["version"], manifest["version"]);
      assert.deepEqual(packed["publishConfig"], { access: "public", provenance: true });
      for (const member of ["description", "keywords", "license", "homepage", "repository", "bugs", "engines"])
        assert.notEqual(packed[member], undefined, member);
      for (const member of ["devDependencies", "scripts"]) assert.equal(packed[member], undefined, member);
      const needed = Object.keys(Object(packed["dependencies"]));
      assert.deepEqual(needed, manifest["name"] === "@carnet/guard" ? ["jose"] : []);
    }
  });
});
