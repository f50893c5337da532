import { quoted } from "@carnet/protocol/shell-word";
import { notice, wantsJson } from "./failure.ts";

/** Warns of new clients without scopes: usually a mistake, because their tokens allow nothing. */
export function noticeNoScopes(count: number, clientIds: readonly string[] = []): void {
  if (count === 0) return;
  const [only] = clientIds;
  const which = clientIds.length === 0 ? "" : `: ${clientIds.join(", ")}`;
  const what = count === 1 ? "A new client has no scopes, so its" : `${count} new clients have no scopes, so their`;
  const command = `carnet client change ${count === 1 && only !== undefined ? quoted(only) : "CLIENT_ID"} --scope file:read`;
  if (!wantsJson()) process.stderr.write("\n"); // On a terminal, the secret stands above.
  notice(`${what} tokens allow nothing${which}. Add scopes with \`${command}\`.`);
}
