/** A signal that may be missing. */
export type Source = AbortSignal | null | undefined;

type Call = (signal: AbortSignal) => void;

interface Followers {
  readonly calls: Set<Call>;
  readonly fire: () => void;
}

const followersOf = new WeakMap<AbortSignal, Followers>();

/**
 * Calls back once, with the first of the signals that is aborted: now if one already is. Returns a function that undoes it.
 */
export function onAbort(signals: readonly Source[], call: Call): () => void {
  const fire: Call = (signal) => {
    forget();
    call(signal);
  };
  const undo = signals.map((signal) => signal && follow(signal, fire));
  const forget = (): void => {
    for (const each of undo) each?.();
  };
  const aborted = signals.find((each) => each?.aborted);
  if (aborted) fire(aborted);
  return forget;
}

/** However many follow a signal, it has one listener, because Node 20 warns about a leak from the eleventh. */
function follow(signal: AbortSignal, call: Call): () => void {
  const { calls, fire } = followersOf.get(signal) ?? newFollowers(signal);
  if (calls.size === 0) signal.addEventListener("abort", fire, { once: true });
  calls.add(call);
  return () => {
    if (calls.delete(call) && calls.size === 0) signal.removeEventListener("abort", fire);
  };
}

function newFollowers(signal: AbortSignal): Followers {
  const calls = new Set<Call>();
  const fire = (): void => {
    for (const each of [...calls]) each(signal);
  };
  followersOf.set(signal, { calls, fire });
  return { calls, fire };
}
