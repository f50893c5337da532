const MOST = 1000;

/**
 * Passes on what has a key that was not there before; beyond a thousand keys it says no more, so that no server can fill
 * the memory. What the hook throws, now or later, is dropped, since the answer itself is good.
 */
export function tellOnce<Notice>(tell: (notice: Notice) => unknown): (key: string, notice: Notice) => void {
  const told = new Set<string>();
  return (key, notice) => {
    if (told.has(key) || told.size >= MOST) return;
    told.add(key);
    (async () => tell(notice))().catch(() => {});
  };
}

/** What is told where the caller gave no hook: one warning, where the runtime shows its own. */
export function warning(text: string): (notice: unknown) => void {
  return (notice) => {
    const { console }: { console: { warn(text: string, notice: unknown): void } } = globalThis;
    console.warn(text, notice);
  };
}
