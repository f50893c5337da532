import { isUtf8 } from "node:buffer";
import { type AdminProblem, invalid } from "@carnet/core/admin-problem";
import { err, ok, type Result } from "@carnet/protocol/result";

/** In MiB: enough for the largest import batch. */
export const adminBodyLimit = 4;

/** The deepest body of the admin API has four levels; parsing a million takes a second. */
const maxDepth = 32;

/** More than the largest import batch has; scanning a million would block every caller for a second. */
const maxParts = 100_000;

/** Parses the JSON body of an admin request. Refuses malformed, too deep and too large bodies, and repeated members. */
export function parseJsonBody(body: Buffer): Result<unknown, AdminProblem> {
  if (!isUtf8(body)) return malformed("the body is not valid UTF-8");
  const text = body.toString("utf8");
  try {
    return scan(text) ?? ok(JSON.parse(text));
  } catch {
    return malformed("the body is not valid JSON"); // the parser's own message would quote it
  }
}

const malformed = (detail: string): Result<never, AdminProblem> => err({ kind: "malformed", detail });

/** An unclosed object or array: the names of its members so far (undefined for an array) and the current position. */
interface Open {
  readonly names: Set<string> | undefined;
  at: string | number;
}

/** One pass over the text before it is parsed. Throws or finds nothing when the text is not JSON. */
function scan(text: string): Result<never, AdminProblem> | undefined {
  const open: Open[] = [];
  let parts = 0;
  let nameNext = false;
  const token = /["{}[\],]/g;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const inside = open.at(-1);
    const [char] = found;
    if (char === "{" || char === "[") {
      if (open.length === maxDepth) return malformed(`the body is nested more than ${maxDepth} levels deep`);
      open.push({ names: char === "{" ? new Set() : undefined, at: 0 });
      nameNext = char === "{";
      parts++;
    } else if (char === "}" || char === "]") open.pop();
    else if (char === "," && inside !== undefined) {
      nameNext = inside.names !== undefined;
      if (typeof inside.at === "number") inside.at++;
      parts++;
    } else if (char === '"') {
      token.lastIndex = endOfString(text, found.index);
      if (!nameNext || inside?.names === undefined) continue;
      nameNext = false;
      const name: string = JSON.parse(text.slice(found.index, token.lastIndex));
      inside.at = name;
      // RFC 8259 §4: names should be unique, because parsers differ on which of two counts
      if (inside.names.has(name)) return invalid([{ pointer: pointerTo(open), detail: "appears twice" }]);
      inside.names.add(name);
    }
    if (parts > maxParts) return malformed(`the body has more than ${maxParts} members and items`);
  }
  return undefined;
}

/** The position after the quote that ends a string, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at > 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return text.length;
}

/** RFC 6901 §3 */
const pointerTo = (open: readonly Open[]): string =>
  open.map(({ at }) => `/${String(at).slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
