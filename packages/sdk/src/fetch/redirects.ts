import { ResponseValidationError } from "../errors/response-validation-error.ts";
import { factsOf } from "../http/answer-facts.ts";
import { discard } from "../http/bounded-body.ts";
import { scrubber } from "../redaction/scrub.ts";
import type { Settings } from "../settings/settings.ts";
import type { Outgoing } from "./outgoing.ts";

const MOST_REDIRECTS = 20;

/** Whether an answer sends the caller elsewhere. */
export function isRedirect(response: Response): boolean {
  return [301, 302, 303, 307, 308].includes(response.status) || response.type === "opaqueredirect";
}

interface Redirect {
  readonly response: Response;
  /** How many were followed before it. */
  readonly hops: number;
}

/**
 * The call that a redirect asks for; undefined where the answer is for the caller to see.
 * @throws {ResponseValidationError} if it must not be followed: to an origin that no token may be sent to, more than
 * twenty times, with a body that is gone, or against the caller's `redirect: "error"`
 */
export function redirected(settings: Settings, call: Outgoing, { response, hops }: Redirect): Outgoing | undefined {
  const location = response.headers.get("location");
  if (call.redirect === "manual" || (location === null && response.type !== "opaqueredirect")) return undefined;
  discard(response);
  const refuse = (why: string): ResponseValidationError =>
    new ResponseValidationError(`The answer (${response.status}) is a redirect ${why}: it was not followed.`, {
      ...factsOf({ status: response.status, headers: response.headers, text: "" }, scrubber([])),
      field: "location",
    });
  if (call.redirect === "error") throw refuse("and the call wants none");
  const url = location === null ? undefined : onto(location, call.url);
  if (url === undefined) throw refuse("to an address that cannot be read");
  if (!settings.origins.has(url.origin)) throw refuse(`to ${url.origin}, where the token may not be sent`);
  if (hops >= MOST_REDIRECTS) throw refuse(`after ${MOST_REDIRECTS} others`);
  const keepsBody = response.status === 307 || response.status === 308;
  if (keepsBody && !call.body.repeatable) throw refuse("with a body that cannot be sent again");
  return keepsBody ? { ...call, url } : asGet({ ...call, url }, response.status);
}

/** The call as `fetch` changes it: 303 to GET, and by custom 301 and 302 from POST to GET. */
function asGet(call: Outgoing, status: number): Outgoing {
  const method = call.method.toUpperCase();
  const toGet = status === 303 ? method !== "GET" && method !== "HEAD" : method === "POST";
  if (!toGet) return call;
  const headers = call.headers && new Headers(call.headers);
  for (const name of ["content-encoding", "content-language", "content-location", "content-type", "content-length"]) {
    headers?.delete(name);
  }
  const { body: _, ...init } = call.init;
  return { ...call, init, method: "GET", headers, request: undefined, body: { content: undefined, repeatable: true } };
}

function onto(location: string, base: URL): URL | undefined {
  try {
    const url = new URL(location, base);
    return url.username === "" && url.password === "" ? url : undefined;
  } catch {
    return undefined;
  }
}
