import type { Client, CreatedClient } from "@carnet/protocol/admin/clients";
import type { AdminApi } from "../admin/admin-api.ts";
import { refuseWithFlags } from "../admin/refusals.ts";
import { confirm } from "../confirm.ts";
import { Failure } from "../failure.ts";
import { ProgressBar } from "../progress-bar.ts";
import { showOnce } from "../shown-once.ts";
import { type DesiredClients, readDesiredClients } from "./desired-clients.ts";
import { formatPlan } from "./format-plan.ts";
import { appliedLabel, leftTheFile, makePlan, ownerLabel, type Plan, type Step } from "./plan.ts";

/** Configuration as code: a file says what clients should be. Apart from the commands, since it is loaded only for them. */

export interface ApplyOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Reads the file, compares, and carries out what differs. Throws a Failure where anything of it cannot be. */
export async function applyFile(api: AdminApi, options: ApplyOptions): Promise<void> {
  const desired = readDesiredClients(options.file);
  const plan = makePlan(desired, await readExisting(api, desired));
  const impossible = plan.steps.some(({ kind }) => kind === "impossible");
  if (options.dryRun || impossible) {
    process.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : formatPlan(plan));
    if (!impossible) return;
    throw new Failure(
      `Some of the file ${options.file} cannot be: nothing was done. Take it out of the file, or adopt a client with \`carnet client change CLIENT_ID --label managed-by=${desired.owner}\`.`,
    );
  }
  if (!options.json) process.stdout.write(formatPlan(plan));
  if (plan.steps.some(({ kind }) => kind !== "create"))
    await confirm("Clients are changed or disabled. Go on?", options);
  const created: CreatedClient[] = [];
  try {
    await carryOut(api, plan, created);
  } finally {
    show(created, plan, options.json === true); // whatever was in the way of others: nobody sees these secrets again
  }
}

/** How many clients are asked for one by one before it is quicker to list them all. */
const fewClients = 100;

/** The owner's clients, and those that the file names though they are not the owner's. */
async function readExisting(api: AdminApi, { owner, clients }: DesiredClients): Promise<readonly Client[]> {
  const existing: Client[] = [];
  for await (const client of api.allClients({ label: `${ownerLabel}=${owner}` })) existing.push(client);
  const owned = new Set(existing.map(({ client_id }) => client_id));
  const others = new Set(clients.flatMap(({ client_id }) => (owned.has(client_id) ? [] : [client_id])));
  if (others.size > fewClients) {
    for await (const client of api.allClients()) if (others.has(client.client_id)) existing.push(client);
    return existing;
  }
  for (const clientId of others) {
    const found = await api.findClient(clientId);
    if (found !== undefined) existing.push(found);
  }
  return existing;
}

/** From the keyboard, from a pipeline that is stopped, and from a terminal that is closed. */
const interruptions = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function carryOut(api: AdminApi, { steps }: Plan, created: CreatedClient[]): Promise<void> {
  const bar = new ProgressBar("applied", steps.length);
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  for (const signal of interruptions) process.once(signal, interrupt); // a second one ends the process
  try {
    for (const [done, step] of steps.entries()) {
      if (interrupted)
        throw new Failure(`Interrupted: ${done} of ${steps.length} were carried out. Apply again for the rest.`);
      await refuseWithFlags({}, () => carryOutStep(api, step, created)).catch((error: unknown) => {
        const rest = `${done} of ${steps.length} were carried out, and this one, ${clientIdOf(step)}, was not. Apply again once it is mended.`;
        throw error instanceof Error ? new Failure(`${error.message}\n${rest}`) : error;
      });
      bar.advance(1);
    }
  } finally {
    for (const signal of interruptions) process.off(signal, interrupt);
    bar.finish();
  }
}

async function carryOutStep(api: AdminApi, step: Step, created: CreatedClient[]): Promise<void> {
  switch (step.kind) {
    case "create":
      created.push(await api.createClient(step.client));
      return;
    case "change":
    case "drift":
      await api.changeClient(step.clientId, step.change);
      return;
    case "disable":
      await api.changeClient(step.clientId, { status: "disabled", labels: { [appliedLabel]: leftTheFile } });
      return;
    case "impossible":
      throw new Error("a plan with what cannot be is not carried out");
    default:
      return step satisfies never;
  }
}

const clientIdOf = (step: Step): string => (step.kind === "create" ? step.client.client_id : step.clientId);

function show(created: readonly CreatedClient[], plan: Plan, json: boolean): void {
  const secrets = created.map(
    ({ client_id, client_secret }) =>
      `\nThe secret of ${client_id}, shown this once and kept nowhere:\n\n  ${client_secret}\n`,
  );
  const ids = created.map(({ client_id }) => client_id).join(", ");
  showOnce(json ? `${JSON.stringify({ ...plan, created }, null, 2)}\n` : secrets.join(""), {
    done: created.length === 0 ? "The file is applied" : `Registered: ${ids}`,
    next: "`carnet secret add` gives each another one.",
  });
}
