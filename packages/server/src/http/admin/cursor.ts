import type { ClientPlace } from "@carnet/core/client/client-store";
import { parseClientId } from "@carnet/protocol/ids";

/** Encodes a position in a sorted list as text that is opaque to callers. */
export const formatCursor = (sort: string, place: ClientPlace): string =>
  Buffer.from(JSON.stringify([sort, place.value, place.clientId])).toString("base64url");

/** Decodes a cursor. Undefined when it is malformed or belongs to another sort order. */
export function parseCursor(sort: string, text: string): ClientPlace | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || parsed.length !== 3 || parsed[0] !== sort) return undefined;
  const value: unknown = parsed[1];
  const clientId = typeof parsed[2] === "string" ? parseClientId(parsed[2]) : undefined;
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  return clientId?.ok ? { value, clientId: clientId.value } : undefined;
}
