import { eventLine, type SentEvent } from "./event-line.ts";

/** Limits of one request. Receivers often limit bodies to a megabyte or less, and chat services the length of a text. */
export const maxEvents = 100;
/** Together with the text, the body stays below 256 KiB. */
const maxEventBytes = 192 * 1024;
const maxLines = 20;

/** An event in the queue. */
export interface QueuedEvent {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** As `eventJson` wrote it. */
  readonly json: string;
}

/** The events of one request. */
export interface Batch {
  /** The number of the last event. */
  readonly last: number;
  readonly events: readonly string[];
}

/** Takes as many events as fit into one request, in order. Undefined: there is none. */
export async function fillBatch(queue: AsyncIterable<QueuedEvent>, limit: number): Promise<Batch | undefined> {
  const events: string[] = [];
  let bytes = 0;
  let last: number | undefined;
  for await (const { number, json } of queue) {
    const event = withoutManyObjects(json);
    bytes += Buffer.byteLength(event) + 1;
    if (last !== undefined && bytes > maxEventBytes) break;
    events.push(event);
    last = number;
    if (events.length === limit) break;
  }
  return last === undefined ? undefined : { last, events };
}

/** Replaces the objects of an event that is too large, such as of an import, by their number. */
function withoutManyObjects(json: string): string {
  if (Buffer.byteLength(json) < maxEventBytes) return json;
  const { objects = [], ...rest }: SentEvent = JSON.parse(json);
  return JSON.stringify({ ...rest, objects_count: objects.length });
}

/** The body of a request. `text` is what chat services show. */
export function webhookBody(events: readonly string[], skipped: number): string {
  const lines = events.slice(0, maxLines).map((json) => eventLine(JSON.parse(json)));
  if (events.length > maxLines) lines.push(`and ${events.length - maxLines} more events`);
  if (skipped > 0) lines.unshift(`${skipped} earlier events could not be delivered and were skipped`);
  const count = skipped > 0 ? `"skipped":${skipped},` : "";
  return `{${count}"text":${JSON.stringify(lines.join("\n"))},"events":[${events.join(",")}]}`;
}
