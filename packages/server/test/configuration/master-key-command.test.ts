import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { suite, test } from "node:test";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { obtainMasterKey } from "@carnet/server/configuration/master-key";
import { runKeyCommand } from "@carnet/server/configuration/master-key-command";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const key = Buffer.alloc(32, 3);
const text = key.toString("base64");
const refused = (problem: RegExp) => ({
  name: "OperatorFault",
  message: new RegExp(
    `^The command for the master key ${problem.source}\\. It must print 32 bytes in base64 and nothing`,
  ),
});

suite("the command for the master key", () => {
  test("prints the key, with or without a line end, in a shell", async () => {
    for (const command of [`echo ${text}`, `printf %s ${text}`, `echo ${text} | cat`])
      assert.deepEqual((await runKeyCommand(command)).export(), key);
  });

  test("runs once, however often the store is opened again", async () => {
    await using folder = await temporaryFolder();
    const command = `echo run >> '${folder.file("runs")}'; echo ${text}`;
    const environment = { CARNET_MASTER_KEY_COMMAND: command };
    const configuration = loadConfiguration({ mode: "dev", flags: {}, environment, file: undefined });
    for (const isSealed of [false, true, true])
      assert.deepEqual((await obtainMasterKey(configuration, isSealed)).export(), key);
    assert.equal(await readFile(folder.file("runs"), "utf8"), "run\n");
  });

  test("is refused with its exit code, and never with what it printed", async () => {
    for (const [command, problem] of [
      ["echo planted; echo planted >&2; exit 7", /ended with exit code 7/],
      ["no-such-planted-command", /ended with exit code 127/],
      ["kill -9 $$", /was ended by SIGKILL/],
      ["echo planted", /printed something else than a key/],
      [`echo ${text}; echo planted`, /printed something else than a key/],
      ["true", /printed something else than a key/],
    ] as const)
      await assert.rejects(runKeyCommand(command), (error) => {
        assert.ok(error instanceof Error && !error.message.includes("planted"));
        assert.match(error.message, refused(problem).message);
        return true;
      });
  });

  test("is ended with all that it started when it takes too long or prints too much", async () => {
    const slow = runKeyCommand("sleep 60 | cat; echo x", { time: 50, output: 4096 });
    await assert.rejects(slow, refused(/took longer than 0\.05 seconds/));
    await assert.rejects(runKeyCommand("yes | cat"), refused(/printed more than 4096 bytes/));
  });

  test("ends with the process that runs it, which stops at the first signal", { timeout: 20_000 }, async () => {
    await using folder = await temporaryFolder();
    const held = folder.file("held");
    execFileSync("sh", ["-c", `mkfifo '${held}'`]);
    for (const signal of ["INT", "TERM", "HUP", "USR2"]) {
      const command = `exec 3> '${held}'; kill -${signal} $PPID; sleep 30 | cat`;
      const child = spawn(process.execPath, [join(import.meta.dirname, "key-command-child.ts"), command]);
      // Ends when no process of the command is left
      const [, printed] = await Promise.all([textOf(createReadStream(held)), textOf(child.stdout)]);
      if (signal !== "USR2") assert.match(printed, refused(/was interrupted/).message, signal); // USR2 makes it exit
    }
  });

  test("is one of three sources, of which one may be given", () => {
    const given = { CARNET_MASTER_KEY: text, CARNET_MASTER_KEY_FILE: "key", CARNET_MASTER_KEY_COMMAND: "true" };
    const load = (environment: Readonly<Record<string, string>>) => () =>
      loadConfiguration({ mode: "dev", flags: {}, environment, file: undefined });
    assert.throws(
      load(given),
      /^OperatorFault: The master key is given three times, in CARNET_MASTER_KEY and as a file/,
    );
    const { CARNET_MASTER_KEY: _, ...two } = given;
    assert.throws(load(two), /given twice, as a file .* and as a command .*: keep one of them\.$/);
  });
});
