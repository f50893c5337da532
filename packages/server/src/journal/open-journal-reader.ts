import { exportLines } from "./export.ts";
import type { JournalReader } from "./journal-reader.ts";
import { JournalSearch, type SearchPorts } from "./search.ts";
import { type VerifyPorts, verifyJournal } from "./verify.ts";

/** Reads a folder of journal files, whether or not a service writes to it. */
export function openJournalReader(ports: SearchPorts & VerifyPorts): JournalReader {
  const search = new JournalSearch(ports);
  return {
    search: (query, visibility) => search.search(query, visibility),
    export: (range) => exportLines(ports, range),
    verify: () => verifyJournal(ports),
  };
}
