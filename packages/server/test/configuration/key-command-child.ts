import { runKeyCommand } from "@carnet/server/configuration/master-key-command";

/** Runs the command in its argument, and prints why it failed. */
process.on("SIGUSR2", () => process.exit(1));
await runKeyCommand(process.argv[2] ?? "").catch((error: Error) => console.log(error.message));
