import type { ClientStore } from "../client/client-store.ts";
import { warningsFor } from "../client/expiry-warnings.ts";
import type { Clock } from "../ports.ts";
import type { Refusal } from "../refusal.ts";
import { checkCutOffs } from "../revocation/check-cut-offs.ts";
import type { CutOffs } from "../revocation/revocation-store.ts";
import { type AuthenticationPorts, authenticateClient } from "./authenticate-client.ts";
import { authorise } from "./authorise.ts";
import { type MintPorts, mint } from "./mint.ts";
import { parseTokenRequest } from "./parse-token-request.ts";
import { type AskedScopesPorts, withAskedScopes } from "./refusal-facts.ts";
import { type RefusalPorts, refuseRequest } from "./refuse-request.ts";
import { renderToken, type TokenAnswer } from "./render.ts";
import { returnToken, type TokenReturnPorts } from "./return-token.ts";
import { issued, returned } from "./token-events.ts";
import type { TokenRequestMessage } from "./token-request-message.ts";

export interface TokenEndpointPorts
  extends AuthenticationPorts,
    MintPorts,
    TokenReturnPorts,
    AskedScopesPorts,
    RefusalPorts {
  readonly store: Pick<ClientStore, "find" | "identify">;
  readonly clock: Clock;
  readonly cutOffs: CutOffs;
}

/**
 * Answers a token request. The order of the phases is the security argument: nothing is revealed about scopes before
 * the client is authenticated, no token is signed before every check has passed, and every answer is recorded before
 * it is sent. Refusals are answers; anything thrown is a fault.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export async function answerTokenRequest(
  message: TokenRequestMessage,
  ports: TokenEndpointPorts,
): Promise<TokenAnswer> {
  const now = ports.clock.now();
  const decided = { message, now };
  const refuse = (refusal: Refusal) => refuseRequest(decided, refusal, ports);

  const request = parseTokenRequest(message, { now, sunsetAt: ports.policy.sunsetAt });
  if (!request.ok) return refuse(request.error);

  if (request.value.kind === "return") {
    const token = await returnToken(request.value.token, { address: message.address, now }, ports);
    if (!token.ok) return refuse(token.error);
    await ports.recorder.record(returned(decided, token.value, ports.eventIds));
    return renderToken(token.value, warningsFor(token.value, now));
  }

  const caller = await authenticateClient(request.value.credentials, { address: message.address, now }, ports);
  if (!caller.ok) return refuse(caller.error);

  const grant = authorise(caller.value, request.value);
  if (!grant.ok) return refuse(await withAskedScopes(grant.error, request.value, ports));

  const issuable = checkCutOffs(grant.value, now, ports.cutOffs);
  if (!issuable.ok) return refuse(issuable.error);

  const token = await mint(grant.value, now, ports);

  await ports.recorder.record(issued(decided, { request: request.value, grant: grant.value, token }, ports.eventIds));

  return renderToken(token, warningsFor(grant.value, now));
}
