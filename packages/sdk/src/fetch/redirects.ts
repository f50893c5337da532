import { ResponseValidationError } from "../errors/response-validation-error.ts";
import { factsOf } from "../http/answer-facts.ts";
import { discard } from "../http/bounded-body.ts";
import { parseURL } from "../settings/server-url.ts";
import type { Settings } from "../settings/settings.ts";
import type { Outgoing } from "./outgoing.ts";

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 20;

/**
 * The call that a redirect asks for; undefined where the answer is for the caller to see.
 * @throws {ResponseValidationError} if it must not be followed: to an origin that no token may be sent to, more than
 * twenty times, with a body that is gone, or against the caller's `redirect: "error"`
 */
export function redirected({ origins }: Settings, call: Outgoing, response: Response): Outgoing | undefined {
  const { status, headers } = response;
  if (call.redirect === "manual" || !REDIRECTS.includes(status)) return undefined;
  const location = headers.get("location");
  if (!location) return undefined;
  discard(response);
  const { method } = call.init;
  // As `fetch` has it: 303 to GET, and by custom 301 and 302 from POST to GET.
  const becomesGet = status === 303 ? !/^(GET|HEAD)$/i.test(method) : status < 303 && /^POST$/i.test(method);
  const url = parseURL(location, call.url);
  const isAllowed = url && origins.has(url.origin);
  const isPossible = call.hops < MOST_REDIRECTS && (becomesGet || call.repeatable);
  if (isAllowed && isPossible && call.redirect === "follow")
    return { ...(becomesGet ? asGet(call) : call), input: url.href, url: url.href, hops: call.hops + 1 };
  throw new ResponseValidationError(`The redirect (${status}) to ${url?.origin} is not followed.`, {
    ...factsOf({ status, headers }),
    field: "location",
  });
}

function asGet(call: Outgoing): Outgoing {
  const headers = new Headers(call.init.headers);
  for (const name of [...headers.keys()]) if (name.startsWith("content-")) headers.delete(name);
  const init = { ...call.init, method: "GET", body: null, headers };
  return { ...call, repeatable: true, init };
}
