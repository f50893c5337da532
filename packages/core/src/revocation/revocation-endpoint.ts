import { Redacted } from "@carnet/protocol/redacted";
import type { ChangeOrigin } from "../audit/recorder.ts";
import type { ClientStore } from "../client/client-store.ts";
import type { ProvenSecret } from "../client/token-client.ts";
import type { Refusal } from "../refusal.ts";
import { type AuthenticationPorts, authenticateClient } from "../token/authenticate-client.ts";
import { checkAuthMethod } from "../token/authorise.ts";
import { type OwnToken, type TokenCheckPorts, verifyAccessToken } from "../token/check-access-token.ts";
import type { ClientMessage } from "../token/client-message.ts";
import { noteUse, type UsePorts } from "../token/note-use.ts";
import { parseTokenQuery } from "../token/parse-token-query.ts";
import { type RefusalPorts, refuseRequest } from "../token/refuse-request.ts";
import type { TokenAnswer } from "../token/render.ts";
import { clientActor, type Decided } from "../token/token-events.ts";
import { oldestRevocableEnd } from "./revocation.ts";
import { type RevocationPorts, revokeToken } from "./revoke-token.ts";

export interface RevocationEndpointPorts
  extends AuthenticationPorts,
    Omit<RevocationPorts, "origin">,
    Pick<TokenCheckPorts, "verifier">,
    RefusalPorts,
    UsePorts {
  readonly store: Pick<ClientStore, "find" | "identify">;
  readonly uses: AuthenticationPorts["uses"];
}

/**
 * Answers a request of a client to revoke one of its own tokens. The answer is the same for a token that was revoked, that
 * was not valid any more, and that never was one. Refuses a valid token of another client.
 * Refusals are answers; anything thrown is a fault.
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2
 */
export async function answerRevocationRequest(
  message: ClientMessage,
  ports: RevocationEndpointPorts,
): Promise<TokenAnswer> {
  const now = ports.clock.now();
  const decided = { message, now };
  const refuse = (refusal: Refusal) => refuseRequest(decided, refusal, ports);

  const request = parseTokenQuery(message);
  if (!request.ok) return refuse(request.error);

  // RFC 7009 §2.1: first the client is authenticated, and then it is verified that the token was issued to it
  const caller = await authenticateClient(request.value.credentials, { address: message.address, now }, ports);
  if (!caller.ok) return refuse(caller.error);

  const permitted = checkAuthMethod(caller.value, request.value.credentials);
  if (!permitted.ok) return refuse(permitted.error);

  const token = await verifyAccessToken(request.value.token.reveal(), oldestRevocableEnd(now), ports);
  if (token !== undefined) {
    if (token.clientId !== caller.value.client.clientId) return refuse(foreignToken(token, caller.value));
    const client = await ports.store.find(token.clientId);
    if (client !== undefined) await revokeToken(token, client, { ...ports, origin: originOf(decided, caller.value) });
  }

  noteUse("revoked", { caller: caller.value, decided }, ports);

  return revoked;
}

/** RFC 7009 §2.1: the request is refused if the token was not issued to the client. */
function foreignToken({ claims }: OwnToken, { client, secret }: ProvenSecret): Refusal {
  const description = "the token was issued to another client: revoke it with the credentials of that client";
  return {
    ...{ kind: "unauthorizedClient", reason: "token_of_another_client", description, detail: description },
    ...{ clientId: client.clientId, secretId: secret.secretId, jti: claims.jti },
  };
}

const originOf = ({ message }: Decided, { client, secret }: ProvenSecret): ChangeOrigin => ({
  event: "tokens_revoked",
  actor: clientActor(client.clientId, secret.secretId, null),
  role: null,
  requestId: message.requestId,
  address: message.address,
});

/** RFC 7009 §2.2: 200, even for a token that is not valid, and the body does not matter. */
const revoked: TokenAnswer = {
  status: 200,
  headers: { "Cache-Control": "no-store", Pragma: "no-cache" },
  body: new Redacted(""),
};
