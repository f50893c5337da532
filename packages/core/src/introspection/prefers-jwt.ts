import { introspectionType } from "@carnet/protocol/introspection-response";

/**
 * Whether an `Accept` header asks for a signed answer: it names the type, and does not prefer JSON. A wildcard stands for
 * JSON, which every caller can read.
 * @see https://www.rfc-editor.org/rfc/rfc9701#section-4
 */
export function prefersJwt(accept: string | undefined): boolean {
  const quality = qualityOf(accept ?? "", `application/${introspectionType}`);
  return quality > 0 && quality >= qualityOf(accept ?? "", "application/json");
}

/** How much a media type is preferred, from 0 to 1. @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1 */
function qualityOf(accept: string, type: string): number {
  for (const range of accept.toLowerCase().split(",")) {
    const [name, ...parameters] = range.split(";").map((part) => part.trim());
    if (name !== type) continue;
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0;
  }
  return 0;
}
