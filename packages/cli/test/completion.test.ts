import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { carnetBin, runCarnet } from "@carnet/testkit/carnet-process";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { candidates } from "carnet/commands/completion";
import { buildProgram } from "carnet/program";

const program = await buildProgram();
const complete = (...words: string[]): readonly string[] => candidates(program, words);

suite("shell completion", () => {
  test("offers commands, then subcommands, then flags after a dash", () => {
    assert.deepEqual(complete("cl"), ["client"]);
    assert.deepEqual(complete("client", "d"), ["delete", "disable"]);
    assert.deepEqual(complete("admin", ""), ["change", "create", "help", "list", "reset"]);
    assert.ok(complete("").includes("whoami") && complete("").includes("apply") && !complete("").includes("complete"));
    assert.deepEqual(complete("client", "list", "--s"), ["--scope", "--search", "--server-url", "--sort", "--status"]);
    assert.deepEqual(complete("client", "list", ""), []);
    assert.deepEqual(complete("owner", ""), ["change", "create", "delete", "help", "list", "show"]);
    assert.deepEqual(complete("owner", "change", "payments", "--max"), [
      ...["--max-clients", "--max-secret-age", "--max-token-ttl"],
    ]);
  });

  test("offers the choices of a flag or argument, and nothing if any text is allowed", () => {
    assert.deepEqual(complete("client", "list", "--status", ""), ["active", "disabled"]);
    assert.deepEqual(complete("client", "list", "--status", "a"), ["active"]);
    assert.deepEqual(complete("admin", "create", "x", "--role", "a"), ["admin", "auditor"]);
    assert.deepEqual(complete("token", "--region", "e"), ["eu"]);
    assert.deepEqual(complete("completion", ""), ["bash", "fish", "zsh"]);
    assert.deepEqual(complete("apply", "--file", ""), []);
    assert.deepEqual(complete("client", "create", "--name", "-"), []);
  });

  test("works in a real bash", async () => {
    await using folder = await temporaryFolder();
    const bin = folder.file("carnet");
    await writeFile(bin, `#!/bin/sh\nexec '${process.execPath}' '${carnetBin}' "$@"\n`, { mode: 0o755 });
    const env = { PATH: `${folder.path}${delimiter}${process.env["PATH"]}` };
    const inBash = async (...words: string[]): Promise<readonly string[]> => {
      const script = `source <(carnet completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _carnet; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p carnet`;
      const { stdout } = await promisify(execFile)("bash", ["-c", script, "bash", ...words], { env });
      const lines = stdout.trimEnd().split("\n");
      assert.match(lines.pop() ?? "", /-F _carnet carnet$/);
      return lines.filter((line) => line !== "");
    };
    assert.deepEqual(await inBash("carnet", "sec"), ["secret"]);
    assert.deepEqual(await inBash("carnet", "secret", "r"), ["revoke", "rotate"]);
    assert.deepEqual(await inBash("carnet", "secret", "rotate", "an id; rm -rf $(x)", "--end"), [
      "--end-old-at",
      "--end-old-when-idle",
    ]);
    assert.deepEqual(await inBash("carnet", "apply", "-f", ""), []);
  });

  test("prints a script for each supported shell and refuses others", async () => {
    const registered = {
      bash: /^complete -o default -F _carnet carnet$/m,
      zsh: /^compdef _carnet carnet$/m,
      fish: /^complete -c carnet /,
    };
    for (const [shell, line] of Object.entries(registered)) {
      const { code, stdout, stderr } = await runCarnet(["completion", shell]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, line);
      assert.match(stdout, /carnet complete -- /);
    }
    const { code, stderr } = await runCarnet(["completion", "tcsh"]);
    assert.equal(code, 2);
    assert.match(stderr, /Allowed choices are bash, zsh, fish/);
  });
});
