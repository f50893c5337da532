import type { EventQuery, StoredEvent } from "@carnet/core/audit/event-store";
import { isNewer } from "./event-filter.ts";
import { maxPageSize } from "./journal-reader.ts";
import type { Times } from "./record-head.ts";

/** The newest matching events so far, newest first. */
export class Page {
  readonly events: StoredEvent[] = [];
  readonly #query: EventQuery;
  /** The characters of the events. */
  #size = 0;

  constructor(query: EventQuery) {
    this.#query = query;
  }

  /** Whether records of these times can belong to the page. */
  mayTake({ oldestAt, newestAt }: Times): boolean {
    const { since, until, before } = this.#query;
    const last = this.#lastOfFull;
    const isTooOld = (since !== null && newestAt < since) || (last !== undefined && newestAt < last.at);
    const isTooNew = (until !== null && oldestAt >= until) || (before !== null && oldestAt > before.at);
    return !isTooOld && !isTooNew;
  }

  mayTakeAt(time: string): boolean {
    const last = this.#lastOfFull;
    return last === undefined || time >= last.json.slice(9, 33);
  }

  add(event: StoredEvent): void {
    let place = this.events.length;
    for (let other = this.events[place - 1]; other !== undefined; other = this.events[place - 1]) {
      if (other.id === event.id && other.at === event.at) return; // the same file under two names
      if (!isNewer(event, other)) break;
      place--;
    }
    this.events.splice(place, 0, event);
    this.#size += event.json.length;
    while (this.events.length > this.#query.limit || this.#isLargeWithoutLast) this.#drop();
  }

  get #lastOfFull(): StoredEvent | undefined {
    const isFull = this.events.length >= this.#query.limit || isLarge(this.events.length, this.#size);
    return isFull ? this.events.at(-1) : undefined;
  }

  get #isLargeWithoutLast(): boolean {
    return isLarge(this.events.length - 1, this.#size - (this.events.at(-1)?.json.length ?? 0));
  }

  #drop(): void {
    this.#size -= this.events.pop()?.json.length ?? 0;
  }
}

/** Whether some events are enough for a page: the last of them shows that there are more, and is not part of it. */
export const isLarge = (events: number, size: number): boolean => events > 1 && size > maxPageSize;
