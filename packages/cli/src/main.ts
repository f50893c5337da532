import { CommanderError } from "commander";
import { Failure, fail } from "./failure.ts";
import { buildProgram } from "./program.ts";

/** Runs the command that the process was started with. Exit codes: 0 done, 1 refused or failed, 2 usage. */
export async function main(): Promise<void> {
  guardProcess();
  try {
    const program = await buildProgram(process.argv[2]);
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else process.exitCode = fail(error);
  }
}

/** What no code caught ends the process like any other failure; what Node itself would print quotes data. */
function guardProcess(): void {
  if (process.report) process.report.excludeEnv = true; // secrets may stand in the environment
  process.on("uncaughtException", (error) => process.exit(fail(error)));
  process.on("unhandledRejection", (reason) => process.exit(fail(reason)));
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read our output has seen enough, as in `carnet client list | head`
    if (error.code === "EPIPE") process.exit(0);
    process.exit(
      fail(new Failure(`The output cannot be written (${error.code ?? error.name}): check the disk or the pipe.`)),
    );
  });
}
