/** Whether the input is a `Request` of any class: undici's is another one than the runtime's. */
export function isRequest(input: string | URL | Request): input is Request {
  return typeof input === "object" && "url" in input;
}

/** Whether a body can be sent only once, like a stream. */
export function isAsyncIterable(body: unknown): boolean {
  return Symbol.asyncIterator in Object(body);
}
