import { CommanderError } from "commander";
import { Failure, fail, failUsage } from "./failure.ts";
import { buildProgram, readHelp, withKeyIdLast, withoutValue } from "./program.ts";

/** Runs the command line. Exit codes: 0 success, 1 refused or failed, 2 usage error. */
export async function main(): Promise<void> {
  guardProcess();
  try {
    const program = await buildProgram(process.argv[2]);
    const words = process.argv.slice(2);
    await program.parseAsync(readHelp(program, words) ?? withKeyIdLast(words), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : failUsage(messageOf(error));
    else process.exitCode = fail(error);
  }
}

/** A command that needs a subcommand only prints its help. */
const messageOf = ({ code, message }: CommanderError): string =>
  code === "commander.help" ? "a subcommand is missing" : withoutValue(message);

/** Uncaught errors end the process like any other failure. Node's own report would quote data. */
function guardProcess(): void {
  if (process.report) process.report.excludeEnv = true; // The environment may hold secrets.
  process.on("uncaughtException", (error) => process.exit(fail(error)));
  process.on("unhandledRejection", (reason) => process.exit(fail(reason)));
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // The reader has seen enough, as in `carnet client list | head`.
    if (error.code === "EPIPE") process.exit(0);
    process.exit(
      fail(new Failure(`The output cannot be written (${error.code ?? error.name}). Check the disk or the pipe.`)),
    );
  });
}
