/** A problem that an operator can fix. The message says how and contains no secrets. */
export class OperatorFault extends Error {
  override readonly name = "OperatorFault";
}

/** The message of an OperatorFault, or the class and code of any other error, whose message may contain data. */
export function describeFault(error: unknown): string {
  if (error instanceof OperatorFault) return error.message;
  if (!(error instanceof Error)) return "a value that is not an Error was thrown";
  // The name of the class comes from code; an own `name`, like the message, could be anything
  const name: unknown = Object.getPrototypeOf(error)?.constructor?.name;
  const code = "code" in error && typeof error.code === "string" && constant.test(error.code) ? ` (${error.code})` : "";
  return `${typeof name === "string" ? name : "Error"}${code}`;
}

/** The code of an error as ` (CODE)`, for the end of a sentence; empty if it has none. */
export const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? ` (${error.code})` : "");

export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && "code" in error && codes.includes(String(error.code));

/** How Node, SQLite and Fastify write their codes. */
const constant = /^[A-Z][A-Z0-9_]{1,63}$/;

/**
 * Where an error was thrown: the frames of its stack, without its message. Messages are left out because those of
 * parsers and drivers quote their input.
 */
export function framesOf(error: unknown, depth = 5): readonly string[] {
  if (!(error instanceof Error) || depth === 0) return []; // causes can be circular
  const stack = typeof error.stack === "string" ? error.stack : "";
  // The stack starts with the name and message, which may contain lines like frames. If it starts differently, they
  // were changed later, and the stack still has the old ones
  const head = Error.prototype.toString.call(error);
  const frames = stack.startsWith(head) ? stack.slice(head.length).split("\n") : [];
  return [
    ...frames.filter((line) => /^\s+at /.test(line)).map((frame) => frame.trim()),
    ...(error.cause === undefined ? [] : [describeFault(error.cause), ...framesOf(error.cause, depth - 1)]),
  ];
}
