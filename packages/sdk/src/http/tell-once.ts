const MOST = 1000;

/** Tells of what has a key that was not there before. */
export type Tell<Notice> = (key: string, notice: Notice) => void;

/**
 * Passes notices on to the hook, or to the console where there is none, once a key; beyond a thousand keys it says no
 * more, so that no server can fill the memory. What the hook throws, now or later, is dropped: the answer itself is good.
 */
export function tellOnce<Notice>(hook: ((notice: Notice) => unknown) | undefined, title: string): Tell<Notice> {
  const told = new Set<string>();
  const { console }: { console: { warn(text: string, notice: Notice): void } } = globalThis;
  return (key, notice) => {
    if (told.has(key) || told.size >= MOST) return;
    told.add(key);
    (async () => (hook ? hook(notice) : console.warn(title, notice)))().catch(() => {});
  };
}
