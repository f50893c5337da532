import type { Counted, UsageCounter } from "../audit/usage-counter.ts";
import type { SecretUses } from "../client/secret-uses.ts";
import type { ProvenSecret } from "../client/token-client.ts";
import type { Decided } from "./token-events.ts";

export interface UsePorts {
  readonly uses: Pick<SecretUses, "note">;
  readonly usage: Pick<UsageCounter, "count">;
}

/** Notes that a client used its secret for a request that leaves no event, because there can be one for each API call. */
export function noteUse(
  what: Counted,
  { caller, decided }: { readonly caller: ProvenSecret; readonly decided: Decided },
  { uses, usage }: UsePorts,
): void {
  const { client, secret } = caller;
  const { now: at, message } = decided;
  uses.note(secret.secretId, { at, from: message.address });
  usage.count(client.clientId, what, { at, address: message.address });
}
