import type { IncomingMessage } from "node:http";
import { headerValues } from "./header-values.ts";

/** RFC 9112 §3.2: HTTP/1.1 without a Host is answered 400, and any request with two. */
export function hasOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  const hosts = headerValues(rawHeaders, "host").length;
  return hosts === 1 || (hosts === 0 && httpVersion !== "1.1");
}

export class BadHost extends Error {
  readonly statusCode = 400;
}
