import type { Client, CreatedClient } from "@carnet/protocol/admin/clients";
import type { Command } from "commander";
import type { AdminApi } from "../admin/admin-api.ts";
import { addConnectionOptions, withAdminApi } from "../admin/connection.ts";
import { refuseWithFlags } from "../admin/refusals.ts";
import { readDesiredClients } from "../apply/desired-clients.ts";
import { makePlan, type Plan, type Step } from "../apply/plan.ts";
import { confirm } from "../confirm.ts";
import { Failure } from "../failure.ts";
import { ProgressBar } from "../progress-bar.ts";

interface ApplyOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `carnet apply`: makes the clients of an owner what a file says they are. */
export function addApplyCommand(program: Command): void {
  const command = program
    .command("apply")
    .description(
      "Make the clients of an owner what a YAML file says. Clients of others are never touched; what the file leaves out is disabled.",
    )
    .requiredOption("-f, --file <path>", "The file, or - for standard input")
    .option("--dry-run", "Only print the plan")
    .option("--yes", "Do not ask")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((options: ApplyOptions) => withAdminApi(command, (api) => run(api, options)));
}

async function run(api: AdminApi, options: ApplyOptions): Promise<void> {
  const desired = readDesiredClients(options.file);
  const existing: Client[] = [];
  for await (const client of api.allClients()) existing.push(client);
  const plan = makePlan(desired, existing);
  const foreign = plan.steps.filter((step) => step.kind === "foreign");
  if (options.dryRun || foreign.length > 0) {
    process.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : formatPlan(plan));
    if (foreign.length > 0)
      throw new Failure(
        `The file names clients that are not of the owner ${desired.owner}: nothing was done. Label them, or take them out of the file.`,
      );
    return;
  }
  if (!options.json) process.stdout.write(formatPlan(plan));
  if (plan.steps.some(({ kind }) => kind !== "create")) await confirm("Go on?", options);
  const created = await carryOut(api, plan);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...plan, created }, null, 2)}\n`);
  else
    for (const client of created)
      process.stdout.write(
        `\nThe secret of ${client.client_id}, shown this once and kept nowhere:\n\n  ${client.client_secret}\n`,
      );
}

async function carryOut(api: AdminApi, { steps }: Plan): Promise<readonly CreatedClient[]> {
  const bar = new ProgressBar("applied", steps.length);
  const created: CreatedClient[] = [];
  try {
    for (const step of steps) {
      await refuseWithFlags({}, async () => {
        if (step.kind === "create") created.push(await api.createClient(step.client));
        else if (step.kind === "disable") await api.changeClient(step.clientId, { status: "disabled" });
        else if (step.kind !== "foreign") await api.changeClient(step.clientId, step.change);
      });
      bar.advance(1);
    }
  } finally {
    bar.finish();
  }
  return created;
}

const signs = { create: "+", change: "~", drift: "!", disable: "-", foreign: "?" } as const;

function formatPlan({ steps, unchanged }: Plan): string {
  const lines = steps.flatMap((step) => [
    `${signs[step.kind]} ${step.kind.padEnd(8)} ${describe(step)}\n`,
    ...details(step),
  ]);
  return `${lines.join("")}${steps.length} to do, ${unchanged} as they should be.\n`;
}

const describe = (step: Step): string => {
  switch (step.kind) {
    case "create":
      return step.client.client_id;
    case "foreign":
      return `${step.clientId} belongs to ${step.owner ?? "nobody"}`;
    case "drift":
      return `${step.clientId} was changed by another hand`;
    case "change":
    case "disable":
      return step.clientId;
    default:
      return step satisfies never;
  }
};

const details = (step: Step): readonly string[] =>
  "differences" in step
    ? step.differences.map(({ member, is, shouldBe }) => `             ${member}: ${is} -> ${shouldBe}\n`)
    : [];
