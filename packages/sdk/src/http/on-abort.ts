/** The part of an abort signal that is needed to follow it. */
type Source = Pick<AbortSignal, "addEventListener" | "removeEventListener">;

interface Followers {
  readonly calls: Set<() => void>;
  readonly fire: () => void;
}

const followersOf = new WeakMap<Source, Followers>();

/**
 * Calls back when the signal is aborted. Returns a function that undoes it. However many follow a signal, it has one
 * listener, because Node 20 warns about a leak from the eleventh.
 */
export function onAbort(signal: Source, call: () => void): () => void {
  const { calls, fire } = followersOf.get(signal) ?? newFollowers(signal);
  if (calls.size === 0) signal.addEventListener("abort", fire, { once: true });
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size === 0) signal.removeEventListener("abort", fire);
  };
}

function newFollowers(signal: Source): Followers {
  const calls = new Set<() => void>();
  const fire = (): void => {
    const all = [...calls];
    calls.clear();
    for (const each of all) each();
  };
  followersOf.set(signal, { calls, fire });
  return { calls, fire };
}
