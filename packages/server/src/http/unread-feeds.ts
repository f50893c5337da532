import type { ServerResponse } from "node:http";

/** How many bytes of feeds that are still being sent are kept. The largest feed that we measured has 3.3 MB. */
const maxUnread = 64 * 1024 * 1024;

/**
 * Bounds the memory of callers that ask for the feed and do not read it: each would keep the feed of its time. When there
 * is too much, the answers with the oldest feed are cut off.
 */
export function limitUnreadFeeds(max = maxUnread): (response: ServerResponse, body: Buffer) => void {
  /** In the order in which the feeds were signed. */
  const unread = new Map<Buffer, Set<ServerResponse>>();
  return (response, body) => {
    const readers = unread.get(body) ?? new Set();
    unread.set(body, readers.add(response));
    response.once("close", () => {
      readers.delete(response);
      if (readers.size === 0) unread.delete(body);
    });
    let bytes = [...unread.keys()].reduce((sum, { length }) => sum + length, 0);
    for (const [feed, slow] of unread) {
      if (bytes <= max || feed === body) return;
      bytes -= feed.length;
      for (const one of slow) one.destroy();
    }
  };
}
