/** Reads an environment variable. Undefined if the runtime has no environment or denies access. */
export function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  try {
    return process?.env?.[name];
  } catch {
    return undefined; // Deno without --allow-env.
  }
}
