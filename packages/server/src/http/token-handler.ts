import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Refusal } from "@carnet/core/refusal";
import type { TokenAnswer } from "@carnet/core/token/render";
import { answerTokenRequest, refuseTokenRequest } from "@carnet/core/token/token-endpoint";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { Redacted } from "@carnet/protocol/redacted";
import { OperatorFault } from "../fault.ts";
import { JournalUnavailable } from "../journal/journal.ts";
import { refusalOfFault } from "./edge-refusals.ts";
import { headerText, headerValues } from "./header-values.ts";
import type { HttpPorts } from "./http-ports.ts";
import type { TokenRequestContext } from "./request-context.ts";
import { queryOf } from "./request-target.ts";

/** A token request as the edge received it. */
export interface ReceivedTokenRequest {
  readonly request: IncomingMessage;
  readonly context: TokenRequestContext;
  readonly body: Buffer;
  /** Set when the edge refuses the request, which is then only recorded. */
  readonly refusal: Refusal | undefined;
}

/** Passes token requests to the token endpoint, and records those that the edge refuses. Throws faults. */
export function createTokenHandler({ token, log }: HttpPorts) {
  return async ({ refusal, ...received }: ReceivedTokenRequest): Promise<TokenAnswer> => {
    const message = readMessage(received);
    const refuse = (reason: Refusal) => refuseTokenRequest({ message, now: token.clock.now() }, reason, token);
    if (refusal !== undefined) return refuse(refusal);
    try {
      return await answerTokenRequest(message, token);
    } catch (fault) {
      if (!(fault instanceof OperatorFault) || fault instanceof JournalUnavailable) throw fault;
      log.fault("request_failed", fault, { requestId: message.requestId, route: message.path });
      return refuse(refusalOfFault(fault));
    }
  };
}

function readMessage({ request, context, body }: Omit<ReceivedTokenRequest, "refusal">): TokenRequestMessage {
  return {
    ...context,
    query: new Redacted(queryOf(request.url ?? "")),
    contentType: headerText(request.rawHeaders, "content-type"),
    authorization: headerValues(request.rawHeaders, "authorization").map((value) => new Redacted(value)),
    body: isUtf8(body) ? new Redacted(body.toString("utf8")) : undefined,
  };
}
