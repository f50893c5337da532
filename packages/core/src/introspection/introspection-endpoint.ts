import { introspectionType } from "@carnet/protocol/introspection-response";
import type { ClientStore } from "../client/client-store.ts";
import type { Clock } from "../ports.ts";
import type { Refusal } from "../refusal.ts";
import { type AuthenticationPorts, authenticateClient } from "../token/authenticate-client.ts";
import { checkAuthMethod } from "../token/authorise.ts";
import type { TokenCheckPorts } from "../token/check-access-token.ts";
import type { ClientMessage } from "../token/client-message.ts";
import type { TokenPolicy } from "../token/mint.ts";
import { noteUse, type UsePorts } from "../token/note-use.ts";
import { parseTokenQuery } from "../token/parse-token-query.ts";
import { type RefusalPorts, refuseRequest } from "../token/refuse-request.ts";
import type { TokenAnswer } from "../token/render.ts";
import type { TokenSigner } from "../token/token-signer.ts";
import { introspect } from "./introspect.ts";
import { prefersJwt } from "./prefers-jwt.ts";
import { introspectionClaims, renderIntrospection, renderSignedIntrospection } from "./render-introspection.ts";

/** A request to introspect a token as it was received, not parsed yet. */
export interface IntrospectionMessage extends ClientMessage {
  /** The `Accept` header. */
  readonly accept: string | undefined;
}

export interface IntrospectionEndpointPorts extends AuthenticationPorts, TokenCheckPorts, RefusalPorts, UsePorts {
  readonly policy: TokenPolicy;
  readonly store: Pick<ClientStore, "find" | "identify">;
  readonly uses: AuthenticationPorts["uses"];
  readonly signer: TokenSigner;
  readonly clock: Clock;
}

/**
 * Answers a request to introspect a token. Nothing is told about a token before the caller is authenticated. Whatever is
 * wrong with the token, and if the caller may not know about it, the answer is the same. Leaves an event only if it is
 * refused. Refusals are answers; anything thrown is a fault, such as a store that cannot be read.
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2
 */
export async function answerIntrospectionRequest(
  message: IntrospectionMessage,
  ports: IntrospectionEndpointPorts,
): Promise<TokenAnswer> {
  const now = ports.clock.now();
  const decided = { message, now };
  const refuse = (refusal: Refusal) => refuseRequest(decided, refusal, ports);

  const request = parseTokenQuery(message);
  if (!request.ok) return refuse(request.error);

  // RFC 7662 §2.1: authorization is required, so that nobody can scan for tokens
  const caller = await authenticateClient(request.value.credentials, { address: message.address, now }, ports);
  if (!caller.ok) return refuse(caller.error);

  const permitted = checkAuthMethod(caller.value, request.value.credentials);
  if (!permitted.ok) return refuse(permitted.error);

  const result = await introspect(request.value.token, { caller: caller.value.client, now }, ports);

  noteUse("introspected", { caller: caller.value, decided }, ports);

  if (!prefersJwt(message.accept)) return renderIntrospection(result);
  const claims = introspectionClaims(result, { caller: caller.value.client, now, policy: ports.policy });
  return renderSignedIntrospection(await ports.signer.sign(claims, introspectionType, null));
}
