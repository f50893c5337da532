import type { Whoami } from "@carnet/protocol/admin/whoami";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { ownersText, secretEnd } from "../client-facts.ts";
import { formatFacts } from "../table.ts";

/** `carnet whoami`: the admin client that the commands use, and what it may do. */
export function addWhoamiCommand(program: Command): void {
  const command = program
    .command("whoami")
    .description("Show the admin client that the commands use, what it may do, and when its secret ends.")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((options: { readonly json?: boolean }) =>
    withAdminApi(command, async (api) => {
      const whoami = await api.whoami();
      process.stdout.write(options.json ? `${JSON.stringify(whoami, null, 2)}\n` : formatWhoami(whoami));
    }),
  );
}

const formatWhoami = (whoami: Whoami): string =>
  `${formatFacts(factsOf(whoami))}\nIt may:\n${formatFacts(operationsByObject(whoami))}`;

type Facts = Readonly<Record<Exclude<keyof Whoami, "operations"> | "secret_ends", string>>;

const factsOf = ({ secret, ...whoami }: Whoami): Facts => ({
  client_id: whoami.client_id,
  client_name: whoami.client_name ?? "-",
  role: whoami.role,
  owners: ownersText(whoami.owners),
  scope: whoami.scope,
  expires_at: whoami.expires_at ?? "never",
  secret: secret?.secret_id ?? "(deleted)",
  secret_ends: secret === null ? "(deleted)" : secretEnd([secret]),
  contact: whoami.contact,
});

/** `clients  list, create, show`. An id is a verb and an object, such as `listClients`. */
function operationsByObject({ operations }: Whoami): Readonly<Record<string, string>> {
  const verbs = new Map<string, string[]>();
  for (const id of operations) {
    const [verb = id, ...object] = id.split(/(?=[A-Z])/);
    const name = object
      .join(" ")
      .toLowerCase()
      .replace(/(?<!s)$/, "s");
    verbs.set(name, [...(verbs.get(name) ?? []), verb]);
  }
  return Object.fromEntries([...verbs].map(([name, list]) => [name, list.join(", ")]));
}
