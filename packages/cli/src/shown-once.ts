import { Failure, fail } from "./failure.ts";

/**
 * Writes what shows secrets this once. A reader that went away early is no matter elsewhere, but here nobody has them
 * then: the process ends with what is so and what to do, and exit code 1.
 */
export function showOnce(text: string, { done, next }: { readonly done: string; readonly next: string }): void {
  process.stdout.write(text, (error) => {
    if (error) process.exit(fail(new Failure(lostOutput(error, { done, next }))));
  });
}

const lostOutput = (error: NodeJS.ErrnoException, { done, next }: { done: string; next: string }): string =>
  `${done}, but that could not be written to standard output (${error.code ?? error.name}), so nobody has the secret: ${next}`;
