import { isAscii } from "@carnet/protocol/base64";
import { decodeForm } from "@carnet/protocol/form";
import { decodeJsonObject, type Member } from "@carnet/protocol/json-object";
import { parseTokenRequestFormat } from "@carnet/protocol/media-type";
import { ok, type Result } from "@carnet/protocol/result";
import type { Refusal } from "../refusal.ts";
import type { ClientMessage } from "./client-message.ts";
import { refuseMalformed } from "./malformed.ts";

/** The parameters that an endpoint knows and that were sent with a value. */
export type Parameters<Name extends string> = Partial<Record<Name, string>>;

/** Reads the known parameters of a request from its body, a form or JSON. Refuses with `malformedRequest`. */
export function readParameters<Name extends string>(
  { contentType, body: received }: Pick<ClientMessage, "contentType" | "body">,
  known: readonly Name[],
): Result<Parameters<Name>, Refusal> {
  const format = parseTokenRequestFormat(contentType);
  if (!format.ok) return refuseMalformed("bad_content_type", format.error);
  const body = received?.reveal();
  const { syntax, charset } = format.value;
  if (charset === "ascii" && (body === undefined || !isAscii(body) || escapesOtherThanAscii.test(body)))
    return refuseMalformed("not_ascii", notAscii);
  if (body === undefined)
    return refuseMalformed("not_utf8", "the body is not valid UTF-8: send it as UTF-8 text, and not compressed");
  const members = syntax === "json" ? readJson(body) : readForm(body);
  return members.ok ? pick(members.value, known) : members;
}

/** The escape of a byte above 0x7f: in a form that claims to be Latin-1, nobody can tell what it stands for. */
const escapesOtherThanAscii = /%[89a-f]/i;

const notAscii =
  "the charset of the Content-Type is ISO-8859-1 or US-ASCII, and the form has characters outside ASCII: encode it as " +
  "UTF-8 and send charset=UTF-8";

function readJson(body: string): Result<readonly Member[], Refusal> {
  const members = decodeJsonObject(body);
  if (members.ok) return members;
  return refuseMalformed("bad_json", `${members.error}: send one object with string values`);
}

function readForm(body: string): Result<readonly Member[], Refusal> {
  if (/^\s*[{[]/.test(body)) {
    return refuseMalformed(
      "json_as_form",
      "the body is JSON but the Content-Type is application/x-www-form-urlencoded: change one of the two",
    );
  }
  // Files and here-documents end in a line end, which is never part of a form
  const pairs = decodeForm(body.replace(/\r?\n$/, ""));
  if (pairs.ok) return pairs;
  return refuseMalformed(
    "bad_form",
    `parameter ${pairs.error.pair} of the body has a broken percent-encoding: escape % as %25, and encode text as UTF-8`,
  );
}

function pick<Name extends string>(
  members: readonly Member[],
  known: readonly Name[],
): Result<Parameters<Name>, Refusal> {
  const picked: Parameters<Name> = {};
  const seen = new Set<string>();
  for (const { name: sent, value } of members) {
    const name = known.find((parameter) => parameter === sent);
    if (name === undefined) continue; // RFC 6749 §3.2: unrecognized parameters are ignored
    // RFC 6749 §3.2: parameters MUST NOT be included more than once
    if (seen.has(name)) return refuseMalformed("repeated_parameter", `the parameter ${name} was sent more than once`);
    seen.add(name);
    if (value === undefined)
      return refuseMalformed("not_a_string", `the member ${name} of the JSON object is not a string: send a string`);
    if (value !== "" && value !== null) picked[name] = value; // RFC 6749 §3.2: sent without a value, treated as omitted
  }
  return ok(picked);
}
