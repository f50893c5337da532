import { type Counts, totalOf } from "./usage.ts";

/** A burst: so many refusals of one client or one address block within so many milliseconds. */
export const burst = { refusals: 100, within: 300_000 } as const;

/** Refusals are counted by minute. */
const step = 60_000;

/** Reports within five minutes, because a stranger with many addresses causes many bursts. Others are reported later. */
const maxReports = 20;

/** Subjects that are watched at the same time. Others are not, until some were quiet. */
const maxSubjects = 10_000;

interface Watched {
  /** The refusals of the last minutes by reason, oldest first. */
  recent: { readonly at: number; readonly reasons: Map<string, number> }[];
  last: number;
  /** How many refusals the last report named; 0: none was made. */
  reported: number;
}

export interface Burst<Subject> {
  readonly subject: Subject;
  readonly count: number;
  /** The most frequent reason. */
  readonly reason: string;
}

/**
 * Finds bursts of refusals. Each is reported once, and again when it has grown tenfold, or starts again after five minutes
 * without a refusal. Counts only what this process refused.
 */
export class Bursts<Subject> {
  readonly #watched = new Map<Subject, Watched>();
  /** The times of the last reports. */
  #reports: number[] = [];

  /** Counts refusals, by subject and reason, and returns the bursts to report. */
  count(refused: ReadonlyMap<Subject, Counts>, now: number): readonly Burst<Subject>[] {
    // What is later than now was counted before the clock was set back, and would hold up reports until then
    this.#reports = this.#reports.filter((at) => at > now - burst.within && at <= now);
    for (const [subject, watched] of this.#watched) {
      watched.recent = watched.recent.filter(({ at }) => at > now - burst.within);
      if (watched.last <= now - burst.within || watched.last > now) this.#watched.delete(subject);
    }
    return [...refused].flatMap(([subject, reasons]) => this.#add(subject, reasons, now));
  }

  #add(subject: Subject, reasons: Counts, now: number): readonly Burst<Subject>[] {
    const watched = this.#watched.get(subject) ?? { recent: [], last: now, reported: 0 };
    if (!this.#watched.has(subject) && this.#watched.size >= maxSubjects) return [];
    this.#watched.set(subject, watched);
    watched.last = now;
    addTo(watched, reasons, now);
    const total = new Map<string, number>();
    for (const one of watched.recent) increase(total, one.reasons);
    const count = totalOf(total);
    if (count < Math.max(burst.refusals, watched.reported * 10)) return [];
    if (this.#reports.length >= maxReports) return [];
    this.#reports.push(now);
    watched.reported = count;
    const [reason = ""] = [...total].reduce((most, one) => (one[1] > most[1] ? one : most));
    return [{ subject, count, reason }];
  }
}

function addTo({ recent }: Watched, reasons: Counts, now: number): void {
  const last = recent.at(-1);
  const same = last !== undefined && now - last.at < step ? last.reasons : new Map<string, number>();
  if (same !== last?.reasons) recent.push({ at: now, reasons: same });
  increase(same, reasons);
}

function increase(counts: Map<string, number>, more: Counts): void {
  for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count);
}
