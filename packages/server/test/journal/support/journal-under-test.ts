import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { AuditEvent, TokenIssued } from "@carnet/core/audit/event";
import type { EventQuery, StoredEvent } from "@carnet/core/audit/event-store";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import { eventJson } from "@carnet/server/audit/event-json";
import { chainedLine, hashOf } from "@carnet/server/journal/chain";
import { compressBlock } from "@carnet/server/journal/compressed-blocks";
import { keepHouse } from "@carnet/server/journal/housekeeping";
import type { AnchorState, JournalAnchor, JournalAnchors } from "@carnet/server/journal/journal-anchors";
import type { JournalReader, VerifyResult } from "@carnet/server/journal/journal-reader";
import { openJournalReader } from "@carnet/server/journal/open-journal-reader";
import type { Facts } from "@carnet/server/log/logger";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

export const start = Date.parse("2026-11-26T10:00:00.000Z");
export const process = "3f9a0c1b2d4e";
export const node = "node-1";

/** A token event: number `i`, `i` seconds after the start, of client `demo` unless another is given. */
export const issued = (
  i: number,
  { clientId = "demo", at = start + i * 1000, requestId = `request-${i}` } = {},
): TokenIssued => ({
  event: "token_issued",
  id: `${process}-${i.toString(36)}`,
  at,
  requestId,
  actor: {
    type: "client",
    clientId: clientId as ClientId,
    secretId: `secret-${clientId}` as SecretId,
    jti: `jti-${i}`,
  },
  address: "198.51.100.7",
  path: "/oauth2/token",
  version: "2026-01-01",
  keyId: "key-1",
  scope: "file:read",
  expiresAt: Math.floor(at / 1000) + 600,
  askedScope: null,
});

export const issuedMany = (from: number, to: number): TokenIssued[] =>
  Array.from({ length: to - from }, (_, i) => issued(from + i));

/** The lines of a file of the journal, without newlines. */
export function linesOfFile(name: string, events: Iterable<AuditEvent>): string[] {
  let prev = hashOf(name);
  return Array.from(events, (event) => {
    const line = chainedLine(eventJson(event, node), prev);
    prev = hashOf(line);
    return line;
  });
}

/** The anchors of a store, in memory. */
export class MemoryAnchors implements Omit<JournalAnchors, "put"> {
  readonly rows = new Map<string, JournalAnchor>();
  list = async () => [...this.rows.values()];
  async close(anchor: JournalAnchor) {
    if (this.rows.get(anchor.file)?.state === "open") this.rows.set(anchor.file, { ...anchor, state: "closed" });
  }
  async markDeleting(file: string) {
    const row = this.rows.get(file);
    if (row !== undefined) this.rows.set(file, { ...row, state: "deleting" });
  }
  async delete(file: string) {
    this.rows.delete(file);
  }
}

/** A folder with journal files and their anchors, in the form in which the service writes them. */
export class JournalUnderTest implements AsyncDisposable {
  readonly folder: string;
  readonly anchors = new MemoryAnchors();
  readonly logged: ({ event: string } & Facts)[] = [];
  readonly log = {
    info: (event: string, facts: Facts = {}) => void this.logged.push({ event, ...facts }),
    warn: (event: string, facts: Facts = {}) => void this.logged.push({ event, ...facts }),
    fault: (event: string, _: unknown, facts: Facts = {}) => void this.logged.push({ event, ...facts }),
  };
  /** Of housekeeping. */
  readonly broken = new Set<string>();
  /** Of verification. */
  readonly clock = { now: () => start + 3_600_000 };
  readonly reader: JournalReader;
  readonly #dispose: () => Promise<void>;

  private constructor(folder: string, dispose: () => Promise<void>) {
    this.folder = folder;
    this.#dispose = dispose;
    this.reader = openJournalReader({ folder, anchors: this.anchors, node, log: this.log, clock: this.clock });
  }

  static async open(): Promise<JournalUnderTest> {
    const folder = await temporaryFolder();
    await mkdir(folder.file("journal"));
    return new JournalUnderTest(folder.file("journal"), async () => folder[Symbol.asyncDispose]());
  }

  /** Writes a file and its anchor. */
  async write(name: string, events: readonly AuditEvent[], state: AnchorState = "closed"): Promise<void> {
    const lines = linesOfFile(name, events);
    await writeFile(this.path(name), lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    this.anchor(name, events, { state });
  }

  anchor(
    file: string,
    events: readonly AuditEvent[],
    { state = "closed", ofNode = node }: { state?: AnchorState; ofNode?: string } = {},
  ): void {
    const times = events.map(({ at }) => at);
    this.anchors.rows.set(file, {
      file,
      node: ofNode,
      records: events.length,
      hash: hashOf(linesOfFile(file, events).at(-1) ?? file),
      oldestAt: times.length === 0 ? null : Math.min(...times),
      newestAt: times.length === 0 ? null : Math.max(...times),
      anchoredAt: Math.max(start, ...times),
      state,
    });
  }

  path(name: string, ending = ".jsonl"): string {
    return join(this.folder, name + ending);
  }

  /** The bytes of a file, decompressed. */
  async bytes(name: string): Promise<Buffer> {
    const isPlain = await stat(this.path(name)).then(
      () => true,
      () => false,
    );
    return isPlain ? readFile(this.path(name)) : gunzipSync(await readFile(this.path(name, ".jsonl.gz")));
  }

  /** Compresses and deletes, a month after the start. */
  async keepHouse({
    now = start + 30 * 86_400_000,
    ...options
  }: {
    now?: number;
    maxAge?: number;
    maxSize?: number;
  } = {}) {
    const { folder, anchors, log, broken } = this;
    const ports = {
      folder,
      anchors,
      log,
      broken,
      node,
      process: "cccccccccccc",
      maxAge: 400 * 86_400_000,
      maxSize: 1e12,
    };
    await keepHouse({ ...ports, ...options }, now);
  }

  /** Compresses a file whatever it contains, as somebody could who changed it. */
  async compressUnchecked(name: string): Promise<void> {
    await writeFile(this.path(name, ".jsonl.gz"), await compressBlock(await readFile(this.path(name))));
    await rm(this.path(name));
  }

  async search(query: Partial<EventQuery>): Promise<readonly StoredEvent[]> {
    return (await this.reader.search({ ...everything, ...query })).events;
  }

  /** The ids of the events that a search finds, without the process. */
  async found(query: Partial<EventQuery>): Promise<readonly string[]> {
    return (await this.search(query)).map(({ id }) => id.slice(process.length + 1));
  }

  async verify(): Promise<VerifyResult> {
    for await (const step of this.reader.verify()) if (step.type === "result") return step;
    throw new Error("verification ended without a result");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}

export const everything: EventQuery = {
  clientId: null,
  actor: null,
  requestId: null,
  kinds: [],
  since: null,
  until: null,
  before: null,
  limit: 100,
};

export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const collected: Value[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}
