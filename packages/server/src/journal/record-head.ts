import type { EventKind } from "@carnet/core/audit/event";

/** The members that every record starts with, as `eventJson` writes them. Texts are JSON, with each byte a character. */
export interface RecordHead {
  readonly at: number;
  readonly id: string;
  readonly event: EventKind;
  /** `null`, or a JSON string. */
  readonly requestId: string;
  /** The actor's type, and its client id as a JSON string. */
  readonly actorType: string;
  readonly actorClientId: string | undefined;
  /** The bytes of all this. */
  readonly length: number;
}

/** Longer than any start of a record up to its actor. */
const headBytes = 4096;

const text = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`;
const head = new RegExp(
  String.raw`^\{"time":"([^"]{24})","id":"([^"]*)","event":"(\w+)","outcome":"\w+","node":${text},"request_id":(null|${text}),"actor":\{"type":"(\w+)"(?:,"client_id":(${text}))?`,
);

/** undefined: the line is not a record. */
export function readHead(line: Buffer): RecordHead | undefined {
  const [found = "", time, id, event, requestId, actorType, actorClientId] =
    head.exec(line.toString("latin1", 0, headBytes)) ?? [];
  if (
    time === undefined ||
    id === undefined ||
    event === undefined ||
    requestId === undefined ||
    actorType === undefined
  )
    return undefined;
  const at = Date.parse(time);
  // A name of a later version is passed on as it is
  if (Number.isNaN(at)) return undefined;
  return { at, id, event: event as EventKind, requestId, actorType, actorClientId, length: found.length };
}

/** The time of a record as text. Texts of this form sort like times. */
export const timeTextOf = (line: Buffer): string => line.toString("latin1", 9, 33);

/** A JSON string as it is in the text of a head: each of its bytes is a character. */
export const byteText = (value: string): string => Buffer.from(JSON.stringify(value)).toString("latin1");

/** The range of the times of some records. */
export interface Times {
  /** Milliseconds since the epoch; NaN: unknown. */
  readonly oldestAt: number;
  readonly newestAt: number;
}

export const unknownTimes: Times = { oldestAt: Number.NaN, newestAt: Number.NaN };

/** Times that are not readable become NaN, so that the block is always read. */
export function timesOf(lines: Iterable<Buffer>): Times {
  let [oldest, newest] = ["~", ""];
  for (const line of lines) {
    const time = timeTextOf(line);
    if (time < oldest) oldest = time;
    if (time > newest) newest = time;
  }
  return { oldestAt: Date.parse(oldest), newestAt: Date.parse(newest) };
}
