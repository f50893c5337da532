import { invalid } from "../errors/invalid-request-error.ts";

type Given = RequestInit["headers"] | undefined;

/** Merges headers; later ones win. The runtime's own error is replaced because it would quote the invalid value. */
export function headersOf(...given: readonly Given[]): Headers {
  try {
    const all = new Headers();
    for (const some of given) for (const [name, value] of new Headers(some)) all.set(name, value);
    return all;
  } catch {
    throw invalid("headers", "(or apiVersion, userAgent) cannot be sent");
  }
}
