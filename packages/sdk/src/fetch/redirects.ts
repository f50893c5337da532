import { ResponseValidationError } from "../errors/response-validation-error.ts";
import { factsOf } from "../http/answer-facts.ts";
import { discard } from "../http/bounded-body.ts";
import { scrub } from "../redaction/scrub.ts";
import { parseURL } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import type { Outgoing } from "./outgoing.ts";

const REDIRECTS = /^30[12378]$/;
const MAX_REDIRECTS = 20;

/**
 * The next call if the response is a redirect to follow, else undefined: the caller gets the response.
 * @throws {ResponseValidationError} if the redirect must not be followed: its origin is not allowed, it is the 21st, its
 * body cannot be sent again, or the caller set `redirect: "error"`
 */
export function redirected({ origins }: Settings, call: Outgoing, response: Response): Outgoing | undefined {
  const { status, headers } = response;
  if (call.redirect === "manual" || !REDIRECTS.test(String(status))) return undefined;
  const location = headers.get("location");
  if (!location) return undefined;
  discard(response);
  const { method } = call.init;
  // As in the Fetch standard: 303 becomes GET, and POST becomes GET on 301 and 302.
  const becomesGet = status === 303 ? !/^(GET|HEAD)$/i.test(method) : status < 303 && /^POST$/i.test(method);
  const url = parseURL(location, call.url);
  const isAllowed = url && origins.has(url.origin);
  const isPossible = call.hops < MAX_REDIRECTS && (becomesGet || call.repeatable);
  if (isAllowed && isPossible && call.redirect === "follow")
    return { ...(becomesGet ? asGet(call) : call), input: url.href, url: url.href, hops: call.hops + 1 };
  const target = scrub(url?.origin ?? "an invalid URL", call.secret); // A server can put the token into a host name.
  throw new ResponseValidationError(`The redirect (${status}) to ${target} is not followed.`, {
    ...factsOf({ status, headers, secret: call.secret }),
    field: "location",
  });
}

function asGet(call: Outgoing): Outgoing {
  const headers = new Headers(call.init.headers);
  for (const name of [...headers.keys()]) if (name.startsWith("content-")) headers.delete(name);
  const init = { ...call.init, method: "GET", body: null, headers };
  return { ...call, repeatable: true, init };
}
