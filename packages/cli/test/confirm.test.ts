import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { suite, test } from "node:test";
import { confirm } from "@carnet/cli/confirm";

suite("a question before something that cannot be taken back", () => {
  test("goes on with yes alone", async () => {
    for (const yes of ["y", "Y", "yes", " YES "]) {
      const { asking, said } = terminal(`${yes}\n`);
      await confirm("Delete it?", {}, asking);
      assert.match(said(), /Delete it\? \[y\/N\] /);
    }
  });

  test("stops at anything else, and at Ctrl+C and Ctrl+D", async () => {
    for (const typed of ["\n", "n\n", "yess\n", "ja\n", "\u0003", "\u0004"]) {
      const stopped = confirm("Delete it?", {}, terminal(typed).asking);
      await assert.rejects(stopped, { name: "Failure", message: "Stopped: nothing was done." }, JSON.stringify(typed));
    }
  });

  test("stops where the terminal goes away", async () => {
    const { asking } = terminal("");
    const stopped = confirm("Delete it?", {}, asking);
    asking.input.end();
    await assert.rejects(stopped, { message: "Stopped: nothing was done." });
  });

  test("is not asked where --yes was given", async () => {
    const { asking, said } = terminal("");
    await confirm("Delete it?", { yes: true }, asking);
    assert.equal(said(), "");
  });

  test("is refused where there is no terminal, whatever stands on standard input", async () => {
    const input = Object.assign(new PassThrough(), { isTTY: false });
    input.end("y\n");
    await assert.rejects(confirm("Delete it?", {}, { input, output: new PassThrough() }), {
      name: "Failure",
      message: "Delete it? Nothing was done: there is no terminal to ask on, so add --yes if it is meant.",
    });
  });
});

/** A stream that says that it is a terminal, with what is typed on it. */
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
