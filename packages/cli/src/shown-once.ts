import { Failure, fail } from "./failure.ts";

/**
 * Writes text that shows a secret for the only time. Elsewhere a broken pipe is harmless, but here it would lose the only
 * copy of the secret, so the process exits with 1 and says what to do.
 */
export function showOnce(text: string, { done, next }: { readonly done: string; readonly next: string }): void {
  process.stdout.write(text, (error) => {
    if (error) process.exit(fail(new Failure(lostOutput(error, { done, next }))));
  });
}

const lostOutput = (error: NodeJS.ErrnoException, { done, next }: { done: string; next: string }): string =>
  `${done}, but the secret could not be written to standard output (${error.code ?? error.name}) and is lost: ${next}`;
