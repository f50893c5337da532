import { deadlines } from "@carnet/protocol/admin/pepper-deadlines";
import type { PepperStatus, UnmovedSecrets } from "@carnet/protocol/admin/peppers";
import { formatDuration } from "@carnet/protocol/duration";
import { quoted } from "@carnet/protocol/shell-word";
import { type Command, Option } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { confirm } from "../confirm.ts";
import { duration, wholeNumber } from "../option-values.ts";
import { formatFacts, formatTable } from "../table.ts";
import { wrapped } from "../wrap.ts";

/** `carnet pepper …`: replaces the key of the digests of client secrets. */
export function addPepperCommand(program: Command): void {
  const pepper = program
    .command("pepper")
    .description("Replace the key of the secrets' digests, and see the progress.");
  addRotate(pepper);
  addStatus(pepper);
}

interface RotateOptions {
  readonly deadline?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

function addRotate(pepper: Command): void {
  const command = pepper
    .command("rotate")
    .description(
      "Replace the pepper. Callers notice nothing: each secret moves to the new pepper when it is used. Secrets that were not used by the deadline end.",
    )
    .option(
      "--deadline <duration>",
      "How long from now secrets that are not used stay valid (default: 90d)",
      duration(deadlines.shortest, deadlines.longest),
    )
    .option("--yes", "Do not ask for confirmation")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(({ deadline = 90 * 86_400, yes, json }: RotateOptions) =>
    withAdminApi(
      command,
      async (api) => {
        const question = `Replace the pepper? Each secret that gets no token within ${formatDuration(deadline)} from now ends.`;
        await confirm(question, { yes });
        const status = await api.rotatePepper({ deadline_in: deadline });
        print(status, json);
        if (!json) note("List the secrets that must still be used with `carnet pepper status --unmoved`.\n");
      },
      { deadline_in: "--deadline" },
    ),
  );
}

interface StatusOptions {
  readonly unmoved?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

function addStatus(pepper: Command): void {
  const command = pepper
    .command("status")
    .description("Show the peppers, and how many secrets have moved to the new one.")
    .option("--unmoved", "List the secrets that end at the deadline unless they are used before")
    .option(
      "--limit <number>",
      "With --unmoved: the most secrets to list, up to 1000 (default: 100)",
      wholeNumber(1, 1000),
    )
    .addOption(new Option("--cursor <cursor>", "With --unmoved: continue where the previous page ended"))
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(({ unmoved, limit, cursor, json }: StatusOptions) =>
    withAdminApi(
      command,
      async (api) => {
        if (!unmoved && (limit !== undefined || cursor !== undefined))
          return command.error("error: --limit and --cursor are for the list of secrets: add --unmoved", {
            exitCode: 2,
          });
        if (!unmoved) return print(await api.showPeppers(), json);
        const page = await api.listUnmovedSecrets({ limit: String(limit ?? 100), cursor });
        process.stdout.write(json ? `${JSON.stringify(page, null, 2)}\n` : formatUnmoved(page));
        if (!json && page.next !== null)
          process.stderr.write(`There are more. For the next page, add --cursor ${quoted(page.next)}\n`);
      },
      { limit: "--limit", cursor: "--cursor" },
    ),
  );
}

function print(status: PepperStatus, json: boolean | undefined): void {
  process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
}

function formatStatus({ peppers, rotation }: PepperStatus): string {
  const table = formatTable(
    ["PEPPER", "STATE", "CREATED", "USED FROM", "ENDS"],
    peppers.map((one) => [
      one.pepper_id,
      one.deleted ? "ended, deleted" : one.state,
      one.created_at,
      one.used_from,
      one.ends_at ?? "never",
    ]),
  );
  if (rotation === null) return `${table}\nNo rotation is in progress. Begin one with \`carnet pepper rotate\`.\n`;
  const { moved, to_move, deadline } = rotation;
  const share = moved + to_move === 0 ? 100 : Math.floor((100 * moved) / (moved + to_move));
  return `${table}\n${formatFacts({ moved: `${moved} (${share} %)`, "still to move": String(to_move), deadline })}`;
}

function formatUnmoved({ secrets }: UnmovedSecrets): string {
  if (secrets.length === 0) return "No secret has to move.\n";
  return formatTable(
    ["CLIENT ID", "SECRET ID", "LABEL", "LAST USED"],
    secrets.map((one) => [one.client_id, one.secret_id, one.label ?? "-", one.last_used_at ?? "never"]),
    { shortened: ["LABEL"] },
  );
}

const note = (text: string): void => {
  process.stderr.write(wrapped(text, process.stderr));
};
