// Loaded with --import: kills this process with SIGKILL at step KILL_AT, counted from 1. A step is a statement of SQLite,
// or a write to a socket, which is a message to PostgreSQL. With KILL_AFTER, the step is done first, and its answer lost.
// KILL_AT=0 kills nothing, and prints on standard error how many steps there were.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { StatementSync } from "node:sqlite";

const killAt = Number(process.env["KILL_AT"]);
const isAfter = process.env["KILL_AFTER"] !== undefined;
delete process.env["KILL_AT"];
delete process.env["KILL_AFTER"];
let steps = 0;
if (killAt === 0) process.on("exit", () => writeSync(2, `steps: ${steps}\n`));

/** Counts the calls of a method that is a step. */
function countCalls(prototype: object, name: string, isStep: (target: unknown) => boolean = () => true): void {
  const method: (...args: unknown[]) => unknown = Reflect.get(prototype, name);
  Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]) {
    if (!isStep(this) || ++steps !== killAt) return method.apply(this, args);
    if (isAfter) method.apply(this, args);
    process.kill(process.pid, "SIGKILL");
    return undefined;
  });
}

for (const name of ["run", "all"]) countCalls(StatementSync.prototype, name);
countCalls(Socket.prototype, "write", (socket) => socket instanceof Socket && socket.remotePort !== undefined);
