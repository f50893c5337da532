/** Reads an environment variable; undefined where the runtime has no environment or does not let us read it. */
export function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  try {
    return process?.env?.[name];
  } catch {
    return undefined; // Deno without --allow-env.
  }
}
