import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { refuseWithFlags } from "../admin/refusals.ts";
import { confirm } from "../confirm.ts";
import { formatTable } from "../table.ts";

/** `carnet scope …`: the catalogue of scopes that clients can be given. */
export function addScopeCommand(program: Command): void {
  const scope = program.command("scope").description("The scopes that clients can be given.");

  const list = scope.command("list").description("List the catalogue.").option("--json", "Print JSON");
  addConnectionOptions(list).action((options: { json?: boolean }) =>
    withAdminApi(list, async (api) => {
      const scopes = await api.listScopes();
      const rows = scopes.map(({ name, description }) => [name, description]);
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ scopes }, null, 2)}\n`
          : rows.length === 0
            ? "The catalogue is empty: `carnet scope put` adds a scope.\n"
            : formatTable(["SCOPE", "DESCRIPTION"], rows),
      );
    }),
  );

  const put = scope
    .command("put")
    .description("Add a scope, or describe it anew.")
    .argument("<name>")
    .argument("<description>");
  addConnectionOptions(put).action((name: string, description: string) =>
    withAdminApi(put, async (api) => {
      await refuseWithFlags({ description: "<description>" }, () => api.putScope(name, description));
      process.stderr.write(`The catalogue has ${name}.\n`);
    }),
  );

  const remove = scope
    .command("delete")
    .description("Take a scope out of the catalogue.")
    .argument("<name>")
    .option("--yes", "Do not ask");
  addConnectionOptions(remove).action(async (name: string, options: { yes?: boolean }) => {
    await confirm(`Take ${name} out of the catalogue?`, options);
    await withAdminApi(remove, (api) => api.deleteScope(name));
    process.stderr.write(`The catalogue no longer has ${name}.\n`);
  });
}
