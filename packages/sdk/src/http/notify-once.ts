const MAX_KEYS = 1000;

/** Reports a notice unless its key was reported before. */
export type Notify<Notice> = (key: string, notice: Notice) => void;

/**
 * Calls the hook, or warns on the console if there is none, once per key. It stops after a thousand keys so that a server
 * cannot fill memory. Errors of the hook are ignored, because the response itself is good.
 */
export function notifyOnce<Notice>(hook: ((notice: Notice) => unknown) | undefined, title: string): Notify<Notice> {
  const seen = new Set<string>();
  const { console }: { console: { warn(text: string, notice: Notice): void } } = globalThis;
  return (key, notice) => {
    if (seen.has(key) || seen.size >= MAX_KEYS) return;
    seen.add(key);
    (async () => (hook ? hook(notice) : console.warn(title, notice)))().catch(() => {});
  };
}
