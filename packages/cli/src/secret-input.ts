import { createInterface } from "node:readline";
import { Failure } from "./failure.ts";

/**
 * Reads one line from standard input. A secret never comes by a flag: those are seen by everybody on the machine and
 * stay in the shell's history. On a terminal it asks, and shows nothing of what is typed.
 */
export async function readSecretFromInput(what: string): Promise<string> {
  const terminal = process.stdin.isTTY === true;
  if (terminal) process.stderr.write(`Type ${what}, then Enter (it is not shown): `);
  if (terminal) process.stdin.setRawMode(true);
  try {
    return terminal ? await typedLine() : await firstLine(what);
  } finally {
    if (terminal) process.stdin.setRawMode(false);
    if (terminal) process.stderr.write("\n");
    process.stdin.pause();
  }
}

async function firstLine(what: string): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "") return line;
    break;
  }
  throw new Failure(`Standard input holds no secret: pipe ${what} in as one line.`);
}

async function typedLine(): Promise<string> {
  let line = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    for (const char of String(chunk)) {
      if (char === "\r" || char === "\n") return line;
      if (char === "\u0003") throw new Failure("Stopped: nothing was done.");
      if (char === "\u007f" || char === "\b") line = line.slice(0, -1);
      else line += char;
    }
  }
  return line;
}
