import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Refusal } from "@carnet/core/refusal";
import { renderRefusal, type TokenAnswer } from "@carnet/core/token/render";
import { answerTokenRequest, refuseTokenRequest } from "@carnet/core/token/token-endpoint";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { deprecationHeaders } from "@carnet/protocol/deprecation";
import { paths, type TokenPath, versionOfPath } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import type { Result } from "@carnet/protocol/result";
import { resolveVersion } from "@carnet/protocol/versions";
import type { HttpPorts } from "./app.ts";
import { hasOneHost } from "./bad-host.ts";
import type { AddressReader } from "./caller-address.ts";
import { badHttp, refusalOfFault, refusalWith } from "./edge-refusals.ts";
import { headerValues } from "./header-values.ts";
import { type MissingBody, receiveBody } from "./received-body.ts";
import { requestIdOf } from "./request-id.ts";
import { queryOf } from "./request-target.ts";

/** Answers a token request that came in under one of its paths. */
export type TokenHandler = (request: IncomingMessage, response: ServerResponse, path: TokenPath) => void;

/** The contract's limit for a request body. */
const bodyLimit = 64 * 1024;

/**
 * The token operation over HTTP, whole: on Node's own request and response, because the library that the other routes
 * stand on adds to what each token takes (see the two floors in `bench/README.md`).
 */
export function createTokenHandler(ports: HttpPorts, addressOf: AddressReader): TokenHandler {
  const { token, isDraining } = ports;
  const notices = Object.entries(deprecationHeaders(token.policy.issuer, token.policy.sunsetAt)).flat();
  return (request, response, path) => {
    const requestId = requestIdOf(request, token.random);
    const address = addressOf(request); // now, since it cannot be told of a caller who has hung up
    receiveBody(request, bodyLimit, async (body) => {
      const message = readMessage(request, { path, requestId, address, body });
      const answer = await answerOrRefuse(message, transportRefusal(request, body, isDraining()), ports);
      const headers = ["X-Request-ID", requestId, "X-Version", versionHeader(message.version, path)];
      if (path === paths.deprecatedToken) headers.push(...notices);
      // RFC 9110 §15.5.14: what is left of too large a body is not waited for; and a service that stops is not held up
      const last = !body.ok || isDraining();
      if (last) headers.push("Connection", "close");
      send(response, headers, answer);
      if (!last && response.writableLength > 0) response.once("finish", () => isDraining() && request.socket.end());
    });
  };
}

/** Takes from a request what the token endpoint reads, and nothing else. */
function readMessage(
  request: IncomingMessage,
  {
    body,
    ...rest
  }: Pick<TokenRequestMessage, "path" | "requestId" | "address"> & { body: Result<Buffer, MissingBody> },
): TokenRequestMessage {
  const contentTypes = headerValues(request.rawHeaders, "content-type");
  const versions = headerValues(request.rawHeaders, "x-version");
  return {
    ...rest,
    query: new Redacted(queryOf(request.url ?? "")),
    // RFC 9110 §5.3: several are read as one, which then is no media type and no version
    contentType: contentTypes.length === 0 ? undefined : contentTypes.join(", "),
    version: versions.length === 0 ? undefined : versions.join(", "),
    authorization: headerValues(request.rawHeaders, "authorization").map((value) => new Redacted(value)),
    body: body.ok ? readText(body.value) : new Redacted(""),
  };
}

const readText = (body: Buffer): Redacted<string> | undefined =>
  isUtf8(body) ? new Redacted(body.toString("utf8")) : undefined;

/** Answers by the token endpoint; a fault there is answered and told here, and nowhere else. */
async function answerOrRefuse(
  message: TokenRequestMessage,
  refusal: Refusal | undefined,
  { token, log }: HttpPorts,
): Promise<TokenAnswer> {
  const refuse = (reason: Refusal) => refuseTokenRequest({ message, now: token.clock.now(), refusal: reason }, token);
  const tell = (fault: unknown): Refusal => {
    log.fault("request_failed", fault, { requestId: message.requestId, route: message.path });
    return refusalOfFault(fault);
  };
  try {
    return refusal === undefined ? await answerTokenRequest(message, token) : await refuse(refusal);
  } catch (fault) {
    const reason = tell(fault);
    if (reason.kind === "fault") return renderRefusal(reason);
    try {
      return await refuse(reason);
    } catch (unrecorded) {
      return renderRefusal(tell(unrecorded));
    }
  }
}

/** What is wrong with a request before the token endpoint looks at it. */
function transportRefusal(
  request: IncomingMessage,
  body: Result<Buffer, MissingBody>,
  draining: boolean,
): Refusal | undefined {
  if (!hasOneHost(request) || (!body.ok && body.error === "cut off")) return badHttp;
  if (!body.ok) return tooLarge;
  return draining ? stopping : undefined;
}

/** What every answer under a token path says as its `X-Version`: that of the path where the request names none that is known. */
export const versionHeader = (version: string | undefined, path: TokenPath): string => {
  const resolved = resolveVersion(version, versionOfPath[path]);
  return resolved.ok ? resolved.value : versionOfPath[path];
};

function send(response: ServerResponse, headers: string[], answer: TokenAnswer): void {
  for (const [name, value] of Object.entries(answer.headers)) headers.push(name, value);
  const body = answer.body.reveal();
  const length = Buffer.byteLength(body);
  headers.push("Content-Length", String(length));
  response.writeHead(answer.status, headers);
  response.end(body, length === body.length ? "latin1" : "utf8"); // ASCII alone has as many bytes as characters
}

const tooLarge = refusalWith("bodyTooLarge", "body_too_large", "the body is larger than 64 KiB");

const stopping: Refusal = {
  ...refusalWith("unavailable", "draining", "this instance of the service is stopping: send the request again"),
  detail: "the process was told to stop",
  retryAfter: 1,
};
