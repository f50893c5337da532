/** A controller whose signal counts its listeners. */
export interface WatchedController {
  readonly controller: AbortController;
  listeners(): number;
}

/** `getEventListeners` exists only on Node, so this replaces the signal's own methods. */
export function watchedController(): WatchedController {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
    listeners.add(listener);
    if (options?.once) add(type, () => listeners.delete(listener), options);
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listeners.delete(listener);
    remove(type, listener);
  };
  return { controller, listeners: () => listeners.size };
}

/** Response bodies that know whether somebody read them to the end or cancelled them. */
export class WatchedBodies {
  readonly open = new Set<string>();

  /** A body that yields its text in one piece and then ends, breaks or stalls. */
  body(name: string, text = "{}", end: "close" | "break" | "stall" = "close"): ReadableStream<Uint8Array> {
    this.open.add(name);
    let pulls = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode(text));
          if (end === "stall") return new Promise<void>(() => {});
          this.open.delete(name);
          if (end === "close") controller.close();
          else controller.error(new TypeError("terminated"));
        },
        cancel: () => void this.open.delete(name),
      },
      { highWaterMark: 0 },
    );
  }
}
