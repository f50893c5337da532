import { Redacted } from "@carnet/protocol/redacted";
import type { NewMasterKeySource } from "@carnet/server/configuration/master-key";
import type { MasterKeyChange, MasterKeyStatus, MasterKeyStep } from "@carnet/server/rotate-master-key";
import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { notice } from "../failure.ts";
import { addServiceOptions, configurationOf, storeSettings, takeEnvironment } from "../service-options.ts";
import { formatFacts } from "../table.ts";

interface RotateOptions {
  readonly newMasterKeyFile?: string;
  readonly newMasterKeyCommand?: string;
  readonly finish?: boolean;
  readonly cancel?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `carnet master-key …`: replaces the key that encrypts the secrets in the store. Opens the store directly. */
export function addMasterKeyCommand(program: Command): void {
  const masterKey = program
    .command("master-key")
    .description("Replace the master key of a store, while services run. Run it on a node, as the service's user.");
  const rotate = masterKey
    .command("rotate")
    .description(
      "Seal every secret of the store again, so that both the present and a new master key open it. " +
        "Then give each node the new key and restart it, one after another, and remove the old one with --finish. " +
        "The present key comes from the service's settings. " +
        "The new one is 32 random bytes in base64, from a flag or from CARNET_NEW_MASTER_KEY.",
    )
    .option("--new-master-key-file <path>", "The file that contains the new master key")
    .option("--new-master-key-command <command>", "The command that prints the new master key")
    .option("--finish", "Remove the old key. The service's settings must give the new one")
    .option("--cancel", "Remove the new key instead. The service's settings must give the old one")
    .option("--yes", "Do not ask for confirmation of --finish and --cancel")
    .option("--json", "Print JSON");
  addServiceOptions(rotate, storeSettings).action(() => changeKey(rotate));
  const status = masterKey
    .command("status")
    .description(
      "Show which master keys open the store, and which one the service's settings give. Shows ids, never keys.",
    )
    .option("--json", "Print JSON");
  addServiceOptions(status, storeSettings).action(() => showStatus(status));
}

async function changeKey(command: Command): Promise<void> {
  const options = command.opts<RotateOptions>();
  const environment = takeEnvironment();
  const step = stepOf(command, options, environment["CARNET_NEW_MASTER_KEY"]);
  const configuration = await configurationOf(command, "dev", environment);
  if (step.kind !== "rotate") {
    const { storeName } = await import("@carnet/server/configuration/setting-values");
    const key = step.kind === "finish" ? "old" : "new";
    await confirm(
      `Remove the ${key} master key of ${storeName(configuration.store)}? Nodes that have only that key get nothing from the store any more, and do not start.`,
      options,
    );
  }
  const { changeMasterKey } = await import("@carnet/server/main");
  const change = await changeMasterKey(configuration, step);
  const facts = { data_key: change.dataKeyId, master_keys: change.masterKeys, sealed_values: change.values };
  process.stdout.write(options.json ? `${JSON.stringify(facts, null, 2)}\n` : describeChange(step, change));
  if (change.journalProblem !== undefined) notice(change.journalProblem);
}

/** What is asked for. Refuses flags that do not go together. */
function stepOf(command: Command, options: RotateOptions, text: string | undefined): MasterKeyStep {
  const { finish, cancel, newMasterKeyFile: file, newMasterKeyCommand: run } = options;
  const sources: NewMasterKeySource[] = [
    ...(file === undefined ? [] : [{ file }]),
    ...(run === undefined ? [] : [{ command: run }]),
    ...(text === undefined ? [] : [{ text: new Redacted(text) }]),
  ];
  const [newKey] = sources;
  const usage = (message: string): never => command.error(`error: ${message}`, { exitCode: 2 });
  if (finish && cancel) return usage("--finish and --cancel exclude each other: choose the key that is to stay");
  if (finish || cancel) {
    if (file !== undefined || run !== undefined)
      return usage("--finish and --cancel take no new key: the service's settings must give the key that is to stay");
    return { kind: finish ? "finish" : "cancel" };
  }
  if (sources.length > 1)
    return usage(
      "the new master key is given more than once: use one of --new-master-key-file, --new-master-key-command and CARNET_NEW_MASTER_KEY",
    );
  if (newKey === undefined)
    return usage(
      "give the new master key with --new-master-key-file, --new-master-key-command or CARNET_NEW_MASTER_KEY. `openssl rand -base64 32` makes one",
    );
  return { kind: "rotate", newKey };
}

function describeChange({ kind }: MasterKeyStep, { masterKeys, dataKeyId, values }: MasterKeyChange): string {
  const sealed = `${values} values are sealed under the new data key ${dataKeyId}.`;
  const [first = "", second = ""] = masterKeys;
  if (kind !== "rotate")
    return `Only the ${kind === "finish" ? "new" : "old"} master key ${first} opens the store now. ${sealed}\n`;
  return `Two master keys open the store now. ${sealed}

${formatFacts({ old: first, new: second })}
Next:
1. Give each node the new key in place of the old one, and restart it, one node after another.
   \`carnet master-key status\` on a node shows which key it has.
2. When no node has the old key any more: \`carnet master-key rotate --finish\`
`;
}

async function showStatus(command: Command): Promise<void> {
  const { json } = command.opts<{ json?: boolean }>();
  const configuration = await configurationOf(command, "dev");
  const { readMasterKeyStatus } = await import("@carnet/server/rotate-master-key"); // Slow to load.
  const status = await readMasterKeyStatus(configuration);
  process.stdout.write(json ? `${JSON.stringify(toJson(status), null, 2)}\n` : describeStatus(status));
}

const isoTime = (at: number): string => new Date(at).toISOString();

const toJson = ({ dataKey, masterKeys, retiring, given }: MasterKeyStatus) => ({
  data_key: dataKey && { id: dataKey.id, created_at: isoTime(dataKey.createdAt) },
  master_keys: masterKeys,
  retiring_data_keys: retiring.map(({ id, endsAt }) => ({ id, ends_at: isoTime(endsAt) })),
  given: "id" in given ? { master_key: given.id, problem: null } : { master_key: null, problem: given.problem },
});

function describeStatus({ dataKey, masterKeys, retiring, given }: MasterKeyStatus): string {
  if (dataKey === null)
    return "The store has no data key yet. The next start of the service makes one, under the master key of its settings.\n";
  const keys = masterKeys.map(({ id, state }) => [`${state} master key`, id]);
  const ending = retiring.map(({ id, endsAt }) => ["earlier data key", `${id}, until ${isoTime(endsAt)}`]);
  return formatFacts({
    ...Object.fromEntries(keys),
    "this node has": describeGiven(given, masterKeys),
    "data key": `${dataKey.id}, since ${isoTime(dataKey.createdAt)}`,
    ...Object.fromEntries(ending),
  });
}

function describeGiven(given: MasterKeyStatus["given"], masterKeys: MasterKeyStatus["masterKeys"]): string {
  if ("problem" in given) return `no master key. ${given.problem}`;
  const state = masterKeys.find(({ id }) => id === given.id)?.state;
  return state === undefined ? `${given.id}, which does not open this store` : `${given.id}, the ${state} one`;
}
