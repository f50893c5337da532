/** A reason why the service cannot start or go on that an operator can mend: one sentence that says how. No secrets. */
export class OperatorFault extends Error {
  override readonly name = "OperatorFault";
}

/** The text of an error that may be shown: an operator's fault whole, of any other only what carries no data. */
export function describeFault(error: unknown): string {
  if (error instanceof OperatorFault) return error.message;
  if (!(error instanceof Error)) return "something that is no error was thrown";
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return `${error.name}${code}`;
}

/**
 * Where an error was thrown: the frames of its stack, without its message. Messages are left out because those of
 * parsers and drivers quote their input.
 */
export function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return [
    ...frames.map((frame) => frame.trim()),
    ...(error.cause === undefined ? [] : [describeFault(error.cause), ...framesOf(error.cause)]),
  ];
}
