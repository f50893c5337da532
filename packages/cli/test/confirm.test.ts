import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { suite, test } from "node:test";
import { confirm } from "carnet/confirm";

suite("a confirmation of something irreversible", () => {
  test("continues only after yes", async () => {
    for (const yes of ["y", "Y", "yes", " YES "]) {
      const { asking, said } = terminal(`${yes}\n`);
      await confirm("Delete it?", {}, asking);
      assert.match(said(), /Delete it\? \[y\/N\] /);
    }
  });

  test("stops after anything else, Ctrl+C and Ctrl+D", async () => {
    for (const typed of ["\n", "n\n", "yess\n", "ja\n", "\u0003", "\u0004"]) {
      const stopped = confirm("Delete it?", {}, terminal(typed).asking);
      await assert.rejects(
        stopped,
        { name: "Failure", message: "Cancelled. Nothing was changed." },
        JSON.stringify(typed),
      );
    }
  });

  test("starts a new line after Ctrl+C, Ctrl+D and a closed terminal", async () => {
    for (const typed of ["\u0003", "\u0004", ""]) {
      const { asking, said } = terminal(typed);
      const stopped = confirm("Delete it?", {}, asking);
      if (typed === "") asking.input.end();
      await assert.rejects(stopped);
      assert.match(said(), /\n$/, JSON.stringify(typed));
    }
  });

  test("wraps its question at the width of the terminal", async () => {
    const { asking, said } = terminal("y\n");
    await confirm(`${"Delete this and that. ".repeat(4)}Continue?`, {}, asking);
    assert.match(said(), / this\r?\nand that\. Continue\? \[y\/N\] /);
  });

  test("is not asked if its check fails", async () => {
    const { asking, said } = terminal("y\n");
    await assert.rejects(confirm("Delete it?", { check: async () => assert.fail("no such thing") }, asking));
    assert.equal(said(), "");
  });

  test("stops if the terminal closes", async () => {
    const { asking } = terminal("");
    const stopped = confirm("Delete it?", {}, asking);
    asking.input.end();
    await assert.rejects(stopped, { message: "Cancelled. Nothing was changed." });
  });

  test("is not asked with --yes", async () => {
    const { asking, said } = terminal("");
    await confirm("Delete it?", { yes: true }, asking);
    assert.equal(said(), "");
  });

  test("fails without a terminal, whatever is on standard input", async () => {
    const input = Object.assign(new PassThrough(), { isTTY: false });
    input.end("y\n");
    await assert.rejects(confirm("Delete it?", {}, { input, output: new PassThrough() }), {
      name: "Failure",
      message: "Delete it? Nothing was changed, because there is no terminal to ask on. Add --yes to confirm.",
    });
  });
});

/** A stream that poses as a terminal, with the given keystrokes. */
function terminal(typed: string) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let text = "";
  output.on("data", (chunk) => {
    text += String(chunk);
  });
  if (typed !== "") input.write(typed);
  return { asking: { input, output }, said: () => text };
}
