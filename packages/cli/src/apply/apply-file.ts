import type { Client, CreatedClient } from "@carnet/protocol/admin/clients";
import type { Owner } from "@carnet/protocol/admin/owners";
import type { Whoami } from "@carnet/protocol/admin/whoami";
import { didYouMean } from "@carnet/protocol/did-you-mean";
import { quoted } from "@carnet/protocol/shell-word";
import type { AdminApi } from "../admin/admin-api.ts";
import { explainRefusals } from "../admin/refusals.ts";
import { suggestName } from "../admin/suggestions.ts";
import { ownersText } from "../client-facts.ts";
import { confirm } from "../confirm.ts";
import { Failure, notice } from "../failure.ts";
import { noticeNoScopes } from "../no-scopes-notice.ts";
import { ProgressBar } from "../progress-bar.ts";
import { withNote } from "../sdk-failure.ts";
import { showOnce } from "../shown-once.ts";
import { printable } from "../table.ts";
import { type DesiredClients, readDesiredClients } from "./desired-clients.ts";
import { formatPlan, planView } from "./format-plan.ts";
import { appliedLabel, makePlan, type Plan, removedFromFile, type Step } from "./plan.ts";

export interface ApplyOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Compares the file with the service and applies the differences. Throws a Failure, before any change, if a step is impossible. */
export async function applyFile(api: AdminApi, options: ApplyOptions): Promise<void> {
  const desired = readDesiredClients(options.file);
  const caller = await api.whoami();
  if (options.dryRun !== true) refuseRole(caller, desired.owner);
  const { policy } = await findOwner(api, caller, { owner: desired.owner, file: options.file });
  const plan = makePlan(desired, await readExisting(api, desired), policy);
  const impossible = plan.steps.some(({ kind }) => kind === "impossible");
  const planJson = `${JSON.stringify(planView(plan), null, 2)}\n`;
  if (options.dryRun || impossible) {
    process.stdout.write(options.json ? planJson : formatPlan(plan));
    if (!impossible) return noticeUnseen(caller, plan);
    throw new Failure(
      `Some steps for the file ${options.file} are impossible, so nothing was changed. Remove those clients from the file. To move a client from another owner, use \`carnet client transfer CLIENT_ID --to ${desired.owner}\`.`,
    );
  }
  if (!options.json) process.stdout.write(formatPlan(plan));
  if (plan.steps.some(({ kind }) => kind !== "create"))
    await confirm("This changes or disables clients. Continue?", options).catch((error: unknown) => {
      if (options.json) process.stdout.write(planJson); // A pipeline without --yes shows what there is to confirm
      throw error;
    });
  const created: CreatedClient[] = [];
  try {
    await applySteps(api, plan, created);
  } finally {
    show(created, plan, options.json === true); // Even if a later step failed: these secrets are never shown again.
  }
}

/** Throws a Failure before the plan if the caller could not apply it. Who may read only can still make a dry run. */
function refuseRole({ role, owners, scope, operations, contact }: Whoami, owner: string): void {
  if (["createClient", "changeClient"].every((needed) => operations.includes(needed))) return;
  throw new Failure(
    `Applying the file needs the role admin over ${owner} and the scope carnet:clients:write. This client has the role ${role} over ${ownersText(owners)}, with the scope ${scope}. Nothing was changed.`,
    {
      code: "insufficient_role",
      hint: `To see the plan, add --dry-run. For another role, ask ${printable(contact)}.`,
    },
  );
}

/** The file's owner. Throws a Failure before the plan if it does not exist, or not for this admin. */
async function findOwner(
  api: AdminApi,
  { owners, contact }: Whoami,
  { owner, file }: { readonly owner: string; readonly file: string },
): Promise<Owner> {
  const known = await api.listOwners();
  const found = known.find(({ name }) => name === owner);
  if (found !== undefined) return found;
  const meant = didYouMean(
    owner,
    known.map(({ name }) => name),
  );
  if (owners === null) {
    throw new Failure(
      `The file ${file} is for the owner ${owner}, which does not exist.${meant} Nothing was changed.`,
      {
        hint: `Correct \`owner\` in the file, or create it with \`carnet owner create ${quoted(owner)}\`.`,
      },
    );
  }
  throw new Failure(
    `The file ${file} is for the owner ${owner}, but your role is bound to ${owners.join(" and ")}.${meant} Nothing was changed.`,
    { hint: `Correct \`owner\` in the file, or ask ${printable(contact)} for a role over ${owner}.` },
  );
}

/** A plan cannot know the ids of clients that its admin does not see. */
function noticeUnseen({ owners }: Whoami, { steps }: Plan): void {
  if (owners === null || !steps.some(({ kind }) => kind === "create")) return;
  notice(
    `You see only clients of ${owners.join(" and ")}. If a client of another owner has an id that the plan creates, that id is refused when you apply.`,
  );
}

/** Up to this many clients are fetched one by one. For more it is faster to list them all. */
const maxSingleLookups = 100;

/** The owner's clients, and other owners' clients that the file names. */
async function readExisting(api: AdminApi, { owner, clients }: DesiredClients): Promise<readonly Client[]> {
  const existing: Client[] = [];
  for await (const client of api.allClients({ owner })) existing.push(client);
  const owned = new Set(existing.map(({ client_id }) => client_id));
  const others = new Set(clients.flatMap(({ client_id }) => (owned.has(client_id) ? [] : [client_id])));
  if (others.size > maxSingleLookups) {
    for await (const client of api.allClients()) if (others.has(client.client_id)) existing.push(client);
    return existing;
  }
  for (const clientId of others) {
    const found = await api.findClient(clientId);
    if (found !== undefined) existing.push(found);
  }
  return existing;
}

/** Ctrl+C, a stopped pipeline and a closed terminal. */
const interruptions = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function applySteps(api: AdminApi, { steps }: Plan, created: CreatedClient[]): Promise<void> {
  const bar = new ProgressBar("applied", steps.length);
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  for (const signal of interruptions) process.once(signal, interrupt); // A second signal ends the process.
  try {
    for (const [done, step] of steps.entries()) {
      if (interrupted)
        throw new Failure(`Interrupted after ${done} of ${steps.length} steps. Apply again for the rest.`);
      const applied = explainRefusals(
        () => applyStep(api, step, created),
        {},
        (refusal) => suggestName(refusal, api),
      );
      await applied.catch((error: unknown) => {
        const rest = `${done} of ${steps.length} steps were applied. The step for "${clientIdOf(step)}" failed. Fix it, then apply again.`;
        throw withNote(error, rest);
      });
      bar.advance(1);
    }
  } finally {
    for (const signal of interruptions) process.off(signal, interrupt);
    bar.finish();
  }
}

async function applyStep(api: AdminApi, step: Step, created: CreatedClient[]): Promise<void> {
  switch (step.kind) {
    case "create":
      created.push(await api.createClient(step.client));
      return;
    case "adopt":
    case "change":
    case "drift":
      await api.changeClient(step.clientId, step.change);
      return;
    case "disable":
      await api.changeClient(step.clientId, { status: "disabled", labels: { [appliedLabel]: removedFromFile } });
      return;
    case "impossible":
      throw new Error("a plan with impossible steps must not be applied");
    default:
      return step satisfies never;
  }
}

const clientIdOf = (step: Step): string => (step.kind === "create" ? step.client.client_id : step.clientId);

function show(created: readonly CreatedClient[], plan: Plan, json: boolean): void {
  const secrets = created.map(
    ({ client_id, client_secret }) => `\nThe secret of ${client_id}, shown only once:\n\n  ${client_secret}\n`,
  );
  const ids = created.map(({ client_id }) => client_id).join(", ");
  showOnce(json ? `${JSON.stringify({ ...planView(plan), created }, null, 2)}\n` : secrets.join(""), {
    done: created.length === 0 ? "The file is applied" : `Registered: ${ids}`,
    next: "add new ones with `carnet secret add`.",
  });
  const withoutScopes = created.flatMap(({ client_id, scope }) => (scope === "" ? [client_id] : []));
  noticeNoScopes(withoutScopes.length, withoutScopes);
}
