import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** A file below `deploy`. Merge keys (`<<`) are resolved, as Docker does. */
export const readYaml = (path: string) =>
  parse(readFileSync(join(import.meta.dirname, "../../../deploy", path), "utf8"), { merge: true });
