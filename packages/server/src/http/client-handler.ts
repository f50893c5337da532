import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { answerIntrospectionRequest } from "@carnet/core/introspection/introspection-endpoint";
import type { Refusal } from "@carnet/core/refusal";
import { answerRevocationRequest } from "@carnet/core/revocation/revocation-endpoint";
import type { ClientMessage } from "@carnet/core/token/client-message";
import { refuseRequest } from "@carnet/core/token/refuse-request";
import type { TokenAnswer } from "@carnet/core/token/render";
import { answerTokenRequest } from "@carnet/core/token/token-endpoint";
import { paths } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import { OperatorFault } from "../fault.ts";
import { JournalUnavailable } from "../journal/journal.ts";
import { refusalOfFault } from "./edge-refusals.ts";
import { headerText, headerValues } from "./header-values.ts";
import type { HttpPorts } from "./http-ports.ts";
import type { ClientRequestContext } from "./request-context.ts";
import { queryOf } from "./request-target.ts";

/** A request in which a client authenticates itself, as the edge received it. */
export interface ReceivedClientRequest {
  readonly request: IncomingMessage;
  readonly context: ClientRequestContext;
  readonly body: Buffer;
  /** Set when the edge refuses the request, which is then only recorded. */
  readonly refusal: Refusal | undefined;
}

/** Passes requests of clients to their endpoints, and records those that the edge refuses. Throws faults. */
export function createClientHandler({ token: ports, log }: Pick<HttpPorts, "token" | "log">) {
  const answer = (message: ReturnType<typeof readMessage>, { rawHeaders }: IncomingMessage): Promise<TokenAnswer> => {
    switch (message.path) {
      case paths.introspect:
        return answerIntrospectionRequest({ ...message, accept: headerText(rawHeaders, "accept") }, ports);
      case paths.revoke:
        return answerRevocationRequest(message, ports);
      default:
        return answerTokenRequest(message, ports);
    }
  };
  return async ({ refusal, ...received }: ReceivedClientRequest): Promise<TokenAnswer> => {
    const message = readMessage(received);
    const refuse = (reason: Refusal) => refuseRequest({ message, now: ports.clock.now() }, reason, ports);
    if (refusal !== undefined) return refuse(refusal);
    try {
      return await answer(message, received.request);
    } catch (fault) {
      if (!(fault instanceof OperatorFault) || fault instanceof JournalUnavailable) throw fault;
      log.fault("request_failed", fault, { requestId: message.requestId, route: message.path });
      return refuse(refusalOfFault(fault));
    }
  };
}

function readMessage({ request, context, body }: Omit<ReceivedClientRequest, "refusal">) {
  return {
    ...context,
    query: new Redacted(queryOf(request.url ?? "")),
    contentType: headerText(request.rawHeaders, "content-type"),
    authorization: headerValues(request.rawHeaders, "authorization").map((value) => new Redacted(value)),
    body: isUtf8(body) ? new Redacted(body.toString("utf8")) : undefined,
  } satisfies ClientMessage;
}
