import type { Command } from "commander";
import { confirmTarget } from "../admin/confirm-target.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { addClaimsOptions, type ClaimsOptions, readClaimsOptions } from "../claims-options.ts";
import { claimsText } from "../client-facts.ts";
import { formatTable } from "../table.ts";

interface PutOptions extends ClaimsOptions {
  readonly json?: boolean;
}

const claimsHelp =
  'The static claims of tokens with the scope as JSON, such as \'{"tier":"gold"}\' (default: they stay as they are)';

/** `carnet scope …`: manages the catalogue of scopes. */
export function addScopeCommand(program: Command): void {
  const scope = program.command("scope").description("Manage the scopes that clients can be given.");

  const list = scope.command("list").description("List the catalogue.").option("--json", "Print JSON");
  addConnectionOptions(list).action((options: { json?: boolean }) =>
    withAdminApi(list, async (api) => {
      const scopes = await api.listScopes();
      const hasClaims = scopes.some(({ claims }) => Object.keys(claims).length > 0);
      const rows = scopes.map(({ name, description, claims }) => [
        ...[name, description],
        ...(hasClaims ? [claimsText(claims)] : []),
      ]);
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ scopes }, null, 2)}\n`
          : rows.length === 0
            ? "The catalogue is empty. Add a scope with `carnet scope put`.\n"
            : formatTable(["SCOPE", "DESCRIPTION", ...(hasClaims ? ["CLAIMS"] : [])], rows),
      );
    }),
  );

  const put = scope
    .command("put")
    .description("Add a scope, or change its description and claims.")
    .argument("<name>")
    .argument("<description>")
    .option("--json", "Print JSON");
  addConnectionOptions(addClaimsOptions(put, claimsHelp)).action(
    async (name: string, description: string, options: PutOptions) => {
      const claims = readClaimsOptions(options);
      await withAdminApi(
        put,
        async (api) => {
          const scope = await api.putScope(name, { description, ...(claims === undefined ? {} : { claims }) });
          if (options.json) process.stdout.write(`${JSON.stringify(scope, null, 2)}\n`);
          else process.stderr.write(`The catalogue now has ${name}.\n`);
        },
        { description: "<description>", claims: "--claims" },
      );
    },
  );

  const remove = scope
    .command("delete")
    .description("Remove a scope from the catalogue.")
    .argument("<name>")
    .option("--yes", "Do not ask for confirmation")
    .option("--json", "Print JSON");
  addConnectionOptions(remove).action((name: string, options: { yes?: boolean; json?: boolean }) =>
    withAdminApi(remove, async (api) => {
      await confirmTarget(`Remove ${name} from the catalogue?`, options, () => api.showScope(name));
      await api.deleteScope(name);
      if (options.json) process.stdout.write(`${JSON.stringify({ deleted: { name } }, null, 2)}\n`);
      else process.stderr.write(`The catalogue no longer has ${name}.\n`);
    }),
  );
}
