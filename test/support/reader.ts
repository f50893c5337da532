import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { CarnetProcess, carnetBin, compileCache } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { writeCurlStandIn } from "./curl-stand-in.ts";

/** What a reader of the README and the guides does: copy commands into a shell. */

const root = join(import.meta.dirname, "../..");

/** The blocks of a page in one language, in order. The page is a path in the repository, or an absolute one. */
export function blocksOf(page: string, language = "sh"): readonly string[] {
  const text = readFileSync(resolve(root, page), "utf8");
  const block = new RegExp(`^\`\`\`${language}\\n(?<block>.*?)^\`\`\``, "gms");
  return [...text.matchAll(block)].map(({ groups }) => groups?.["block"] ?? "");
}

/** Saves the files that a page asks for: "Save this as `name`:", followed by a block. Returns their names. */
export function saveFiles(page: string, folder: string): readonly string[] {
  const text = readFileSync(resolve(root, page), "utf8");
  const files = [...text.matchAll(/\bsave this as `([^`]+)`(?:\n?[^\n])*\n\n```\w+\n(.*?)^```$/gims)];
  return files.map(([, name = "", content = ""]) => {
    writeFileSync(join(folder, name), content);
    return name;
  });
}

/** A folder like the one of a reader, in which `npx carnet` runs this checkout. */
export async function readersFolder() {
  const folder = await temporaryFolder();
  mkdirSync(folder.file("bin"));
  const npx = `#!/bin/sh
case "$1" in
  carnet) shift; exec '${process.execPath}' '${carnetBin}' "$@" ;;
  node) shift; exec '${process.execPath}' "$@" ;;
  *) exit 127 ;;
esac
`;
  writeFileSync(folder.file("bin/npx"), npx, { mode: 0o755 });
  symlinkSync(process.execPath, folder.file("bin/node"));
  if (spawnSync("curl", ["--version"]).status !== 0) writeCurlStandIn(folder.file("bin"));
  cpSync(join(root, "examples"), folder.file("examples"), { recursive: true });
  symlinkSync(join(root, "node_modules"), folder.file("node_modules"));
  const env = {
    PATH: `${folder.file("bin")}${delimiter}${process.env["PATH"]}`,
    NODE_COMPILE_CACHE: compileCache,
  };
  return { folder, env };
}

/** Runs a block of commands, and returns its output. Throws if a command fails. */
export async function runBlock(block: string, cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", block], { cwd, env });
  return stdout;
}

/** Waits until a node has closed its files, so that its folder can be removed. */
export async function stopped(log: string): Promise<void> {
  while (existsSync(log) && !readFileSync(log, "utf8").includes('"event":"stopped"')) await setTimeout(20);
}

/** `carnet dev` in a folder. */
export interface Dev {
  readonly carnet: CarnetProcess;
  readonly url: string;
}

/** Starts `carnet dev` in a folder, on the given port or a free one. */
export async function startDev(cwd: string, given?: string): Promise<Dev> {
  for (let tries = 1; ; tries++) {
    const port = given ?? String(await freePort());
    const carnet = new CarnetProcess(["dev"], { cwd, env: { CARNET_PORT: port } });
    try {
      const [, url = ""] = await carnet.prints("stdout", /^Carnet is running at (\S+)[\s\S]*Stop it with Ctrl\+C\.\n/m);
      return { carnet, url };
    } catch (error) {
      await carnet[Symbol.asyncDispose]();
      if (tries === 5 || !carnet.stderr.includes("is taken")) throw error;
    }
  }
}

/** Does what the guide to protecting an API says: saves the API, starts it and calls it. Installs no library. */
export async function callApi(page: string, cwd: string, env: Readonly<Record<string, string>>): Promise<void> {
  const [file = ""] = saveFiles(page, cwd);
  const [start = "", call = "", ...others] = blocksOf(page, "text");
  assert.deepEqual(others, []);
  const imported = readFileSync(join(cwd, file), "utf8").matchAll(/ from "((?:@[^/"]+\/)?[^/"]+)/g);
  const libraries = new Set([...imported].map(([, name]) => name));
  assert.equal(start, `npm install ${[...libraries].join(" ")}\nnode ${file}\n`);
  await using api = new CarnetProcess([], {
    ...{ cwd, command: ["bash", "-c", `exec node ${file}`] },
    env: { ...env, PORT: "0" },
  });
  const [, port = ""] = await api.prints("stdout", /"port":(\d+)/);
  assert.ok(call.includes(":3000/"));
  const output = await runBlock(call.replace(":3000/", `:${port}/`), cwd, env);
  assert.match(output, /^HTTP\/1\.1 200 OK[\s\S]*\{"files":\[\],"readBy":"demo"\}/);
}
