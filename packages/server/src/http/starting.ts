import type { RequestListener } from "node:http";
import type { RandomSource } from "@carnet/core/ports";
import type { Refusal } from "@carnet/core/refusal";
import { paths } from "@carnet/protocol/endpoints";
import { refusalWith } from "./edge-refusals.ts";
import { renderError } from "./error-answers.ts";
import { live, probeHeaders, starting } from "./health-routes.ts";
import { pathOf } from "./request-target.ts";

/** Answers while the service starts, which takes as long as its store is away: alive, not ready, and 503 for the rest. */
export const answerStarting =
  (random: RandomSource, reason: () => string | null): RequestListener =>
  (request, response) => {
    const path = pathOf(request.url ?? "");
    response.setHeader("Connection", "close"); // the body of the request is not read
    const probe = path === paths.live ? live : path === paths.ready ? starting(reason()) : undefined;
    if (probe !== undefined) return void response.writeHead(probe.status, probeHeaders).end(probe.body);
    const requestId = random.uuid();
    const { status, headers, body } = renderError(notOpen, { path, requestId });
    response.writeHead(status, { "X-Request-ID": requestId, ...headers }).end(body.reveal());
  };

const notOpen: Refusal = {
  ...refusalWith(
    "unavailable",
    "store_unavailable",
    "this instance of the service is starting: send the request again",
  ),
  detail: "the process waits for its store",
  retryAfter: 2,
};
