import type { Verification } from "@carnet/protocol/admin/audit";
import { codeOf } from "@carnet/server/fault";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { reportLines, reportSteps } from "../audit/verification-output.ts";
import { Failure } from "../failure.ts";
import { linesOf } from "../lines-of.ts";
import { withNote } from "../sdk-failure.ts";
import { addServiceOptions, configurationOf } from "../service-options.ts";

interface VerifyOptions {
  readonly offline?: boolean;
  readonly input?: string;
  readonly json?: boolean;
}

/** `carnet audit verify`: is the record complete and unaltered? */
export function addAuditVerifyCommand(audit: Command): void {
  const command = audit
    .command("verify")
    .description(
      "Check that no record of the journal is missing, added or altered: the hash of every record, and each file against its anchor in the store. " +
        "Exit code 1 if there is a problem.",
    )
    .option("--offline", "Read the store and the journal folder directly, for when the service is stopped")
    .option(
      "--input <file>",
      "Check lines that you keep: an export, or the log of a service with CARNET_JOURNAL=stdout (also against the store with --offline); - is standard input",
    )
    .option("--json", "Print JSON");
  addConnectionOptions(command);
  addServiceOptions(command, ["dataDir", "store", "storePasswordFile", "storeTimeout", "journal", "node"]).action(
    async (options: VerifyOptions) => {
      if (options.input !== undefined) await verifyInput(command, options.input, options);
      else if (options.offline) await reportSteps(await offlineSteps(command), options);
      else await withAdminApi(command, (api) => reportSteps(api.verifyJournal(), options)).catch(suggestOffline);
    },
  );
}

function suggestOffline(error: unknown): never {
  if (!(error instanceof Failure && error.facts.code === "no_answer")) throw error;
  throw withNote(
    error,
    "If the service is stopped, check its files on its machine with `carnet audit verify --offline`, with the --data-dir of the service.",
  );
}

async function offlineSteps(command: Command): Promise<AsyncIterable<Verification>> {
  const configuration = await configurationOf(command, "dev");
  const { verifyOffline } = await import("@carnet/server/journal/verify-offline"); // Slow to load.
  const { verificationOf } = await import("@carnet/server/audit/verification-view");
  return mapped(verifyOffline(configuration), verificationOf);
}

async function verifyInput(command: Command, file: string, options: VerifyOptions): Promise<void> {
  const configuration = options.offline ? await configurationOf(command, "dev") : undefined;
  const { verifyLinesOffline } = await import("@carnet/server/journal/verify-offline");
  const { verifyLines } = await import("@carnet/server/journal/verify-lines");
  const lines = readable(file);
  await reportLines(configuration ? verifyLinesOffline(lines, configuration) : verifyLines(lines), options);
}

/** The lines of a file. Throws a Failure if it cannot be read. */
async function* readable(file: string): AsyncGenerator<string> {
  try {
    yield* linesOf(file);
  } catch (error) {
    throw new Failure(
      `The file ${file} cannot be read${codeOf(error)}. Give the path of a file with log lines, or - for standard input.`,
    );
  }
}

async function* mapped<From, To>(steps: AsyncIterable<From>, map: (step: From) => To): AsyncGenerator<To> {
  for await (const step of steps) yield map(step);
}
