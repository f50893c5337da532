/** Runs with environment variables set (or unset if undefined) and restores them afterwards. */
export async function withEnvironment<T>(
  variables: Readonly<Record<string, string | undefined>>,
  run: () => T | Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(variables)) set(name, value);
  try {
    return await run();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}
