import type { Revocation } from "@carnet/protocol/admin/revocations";
import { quoted } from "@carnet/protocol/shell-word";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { wholeNumber } from "../option-values.ts";
import { formatTable } from "../table.ts";

interface ListOptions {
  readonly client?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

const flags = { client_id: "--client", limit: "--limit", cursor: "--cursor" };

/** `carnet token revocations`: one page of the revocations that have not ended. */
export function addTokenRevocationsCommand(token: Command): void {
  const command = token
    .command("revocations")
    .description("List what is revoked. An entry ends when every token that it matches has expired.")
    .option("--client <id>", "Only tokens of this client")
    .option("--limit <number>", "The most revocations to list, up to 1000", wholeNumber(1, 1000), 100)
    .option("--cursor <cursor>", "Continue where the previous page ended")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(({ client, limit, cursor, json }: ListOptions) =>
    withAdminApi(
      command,
      async (api) => {
        const page = await api.listRevocations({ client_id: client, limit: String(limit), cursor });
        if (json) process.stdout.write(`${JSON.stringify(page, null, 2)}\n`);
        else process.stdout.write(formatRevocations(page.revocations));
        if (!json && page.next !== null)
          process.stderr.write(`There are more. For the next page, add --cursor ${quoted(page.next)}\n`);
      },
      flags,
    ),
  );
}

const formatRevocations = (revocations: readonly Revocation[]): string =>
  revocations.length === 0
    ? "Nothing is revoked. Revoke tokens with `carnet token revoke`.\n"
    : formatTable(
        ["REVOKED", "CLIENT ID", "REVOKED AT", "KEPT UNTIL"],
        revocations.map((revocation) => [
          whatIsRevoked(revocation),
          revocation.client_id ?? "(all clients)",
          revocation.revoked_at,
          revocation.ends_at,
        ]),
      );

function whatIsRevoked({ kind, issued_before }: Revocation): string {
  const words: Readonly<Record<string, string>> = {
    token: "one token",
    client: "all tokens of the client",
    secret: "all tokens of a secret",
    cut_off: `tokens from before ${issued_before}`,
    key: "all tokens of a signing key",
  };
  return words[kind] ?? kind;
}
