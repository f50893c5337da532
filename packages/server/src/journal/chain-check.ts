import { hashOf, prevOf } from "./chain.ts";
import type { JournalAnchor } from "./journal-anchors.ts";

export interface BrokenRecord {
  /** From 1. */
  readonly record: number;
  /** A sentence. */
  readonly detail: string;
}

/** Checks one chain, record by record, against its anchor. Keeps the first problem. */
export class ChainCheck {
  #records = 0;
  #hash: string;
  #problem: BrokenRecord | undefined;
  /** A record whose hash does not fit the one before. The next record shows which of the two was changed. */
  #misfit: { readonly isConfirmedBy: string } | undefined;
  readonly #anchor: Pick<JournalAnchor, "records" | "hash"> | undefined;

  /** `start` is the hash that the first record must have. */
  constructor(start: string, anchor?: Pick<JournalAnchor, "records" | "hash">) {
    this.#hash = start;
    this.#anchor = anchor;
  }

  get records(): number {
    return this.#records;
  }

  /** The hash of the last record. */
  get hash(): string {
    return this.#hash;
  }

  /** The first problem so far. */
  get problem(): BrokenRecord | undefined {
    return this.#problem;
  }

  /** A line without its newline. */
  add(line: Buffer): void {
    const record = ++this.#records;
    if (this.#problem !== undefined) return;
    const prev = prevOf(line);
    if (this.#misfit !== undefined) this.#blame(record - 1, prev === this.#misfit.isConfirmedBy);
    else if (prev === undefined) this.#problem = { record, detail: "This is not a record of the journal." };
    else {
      const fits = prev === this.#hash;
      this.#hash = hashOf(line);
      if (!fits) this.#misfit = { isConfirmedBy: this.#hash };
      else this.#compareWithAnchor();
    }
  }

  /** The first problem of the whole chain, which must reach the anchor. */
  finish(): BrokenRecord | undefined {
    if (this.#misfit !== undefined) {
      const isAnchored = this.#records === this.#anchor?.records && this.#hash === this.#anchor.hash;
      this.#blame(this.#records, isAnchored);
    }
    const anchored = this.#anchor?.records ?? 0;
    if (this.#records < anchored)
      this.#problem ??= {
        record: this.#records + 1,
        detail: `This record is missing: there were ${anchored} records when the store was last told, so the end was cut off.`,
      };
    return this.#problem;
  }

  #blame(misfit: number, isConfirmed: boolean): void {
    this.#misfit = undefined;
    if (!isConfirmed) this.#problem = { record: misfit, detail: "The record was changed, inserted or moved." };
    else if (misfit === 1)
      this.#problem = {
        record: 1,
        detail:
          "The record belongs to another file, or to another place: the file was renamed, or its start was cut off.",
      };
    else
      this.#problem = {
        record: misfit - 1,
        detail: `The record was changed, or records after it were removed or moved: record ${misfit} does not follow it.`,
      };
  }

  #compareWithAnchor(): void {
    if (this.#records !== this.#anchor?.records || this.#hash === this.#anchor.hash) return;
    this.#problem = {
      record: this.#records,
      detail: "The record is not the one that the store knows: it was changed, or the file was replaced.",
    };
  }
}
