import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { confirm } from "../confirm.ts";
import { formatTable } from "../table.ts";

/** `carnet scope …`: manages the catalogue of scopes. */
export function addScopeCommand(program: Command): void {
  const scope = program.command("scope").description("Manage the scopes that clients can be given.");

  const list = scope.command("list").description("List the catalogue.").option("--json", "Print JSON");
  addConnectionOptions(list).action((options: { json?: boolean }) =>
    withAdminApi(list, async (api) => {
      const scopes = await api.listScopes();
      const rows = scopes.map(({ name, description }) => [name, description]);
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ scopes }, null, 2)}\n`
          : rows.length === 0
            ? "The catalogue is empty. Add a scope with `carnet scope put`.\n"
            : formatTable(["SCOPE", "DESCRIPTION"], rows),
      );
    }),
  );

  const put = scope
    .command("put")
    .description("Add a scope or change its description.")
    .argument("<name>")
    .argument("<description>");
  addConnectionOptions(put).action((name: string, description: string) =>
    withAdminApi(
      put,
      async (api) => {
        await api.putScope(name, description);
        process.stderr.write(`The catalogue now has ${name}.\n`);
      },
      { description: "<description>" },
    ),
  );

  const remove = scope
    .command("delete")
    .description("Remove a scope from the catalogue.")
    .argument("<name>")
    .option("--yes", "Do not ask for confirmation");
  addConnectionOptions(remove).action(async (name: string, options: { yes?: boolean }) => {
    await confirm(`Remove ${name} from the catalogue?`, options);
    await withAdminApi(remove, (api) => api.deleteScope(name));
    process.stderr.write(`The catalogue no longer has ${name}.\n`);
  });
}
