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
  const frames = stack.slice(headLength(stack, error)).split("\n");
  return [
    ...frames.filter((line) => /^\s+at /.test(line)).map((frame) => frame.trim()),
    ...(error.cause === undefined ? [] : [describeFault(error.cause), ...framesOf(error.cause, depth - 1)]),
  ];
}

/**
 * How much of a stack is its head: the name and the message, which may hold lines that look like frames. All of it
 * where they cannot be told apart from the frames, since they were changed.
 */
function headLength(stack: string, error: Error): number {
  const [name, message] = [String(error.name), String(error.message)]; // whatever was put there
  const heads = [`${name}: ${message}`, message === "" ? name : `Error: ${message}`];
  const head = heads.find((candidate) => stack.startsWith(`${candidate}\n    at `));
  if (head !== undefined) return head.length;
  const at = message !== "" ? stack.indexOf(`: ${message}\n`) : -1;
  return at < 0 ? stack.length : at + 2 + message.length;
}
