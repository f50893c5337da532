import { invalid } from "@carnet/core/admin-problem";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import type { Answer } from "./operation.ts";

/** Encodes a position in a list as text that is opaque to callers. */
export const formatCursor = (parts: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(parts)).toString("base64url");

/** Decodes a cursor. Empty when it is malformed. */
export function parseCursor(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

export const badCursor = invalid([{ pointer: "/cursor", detail: "must be `next` of a previous page" }]);

/** The answer with a page of the list at `path`, and a link to the next page if there is one. */
export function pageAnswer(
  path: string,
  query: Readonly<Record<string, string | readonly string[]>>,
  body: { readonly next: string | null },
): Answer {
  if (body.next === null) return { body };
  const parameters = Object.entries({ ...query, cursor: body.next }).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, one]),
  );
  return { headers: { Link: `<${adminPath}${path}?${new URLSearchParams(parameters)}>; rel="next"` }, body }; // RFC 8288 §3
}
