/** A reason why the service cannot start or go on that an operator can mend: one sentence that says how. No secrets. */
export class OperatorFault extends Error {
  override readonly name = "OperatorFault";
}

/** The text of an error that may be shown: an operator's fault whole, of any other only what carries no data. */
export function describeFault(error: unknown): string {
  if (error instanceof OperatorFault) return error.message;
  if (!(error instanceof Error)) return "something that is no error was thrown";
  // The class, since that comes from code; its own name, like its message, can be anything
  const name: unknown = Object.getPrototypeOf(error)?.constructor?.name;
  const code = "code" in error && typeof error.code === "string" && constant.test(error.code) ? ` (${error.code})` : "";
  return `${typeof name === "string" ? name : "Error"}${code}`;
}

/** How Node, SQLite and Fastify write their codes. */
const constant = /^[A-Z][A-Z0-9_]{1,63}$/;

/**
 * Where an error was thrown: the frames of its stack, without its message. Messages are left out because those of
 * parsers and drivers quote their input.
 */
export function framesOf(error: unknown, depth = 5): readonly string[] {
  if (!(error instanceof Error) || depth === 0) return []; // causes can go in a circle
  const stack = typeof error.stack === "string" ? error.stack : "";
  // The name and the message stand before the frames and may hold lines that look like some. Where the stack begins
  // otherwise, they were changed and old ones stand there
  const head = Error.prototype.toString.call(error);
  const frames = stack.startsWith(head) ? stack.slice(head.length).split("\n") : [];
  return [
    ...frames.filter((line) => /^\s+at /.test(line)).map((frame) => frame.trim()),
    ...(error.cause === undefined ? [] : [describeFault(error.cause), ...framesOf(error.cause, depth - 1)]),
  ];
}
