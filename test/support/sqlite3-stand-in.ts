import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a `sqlite3` into a folder, for machines without it. Supports only `.backup`, as the guide uses it. */
export const writeSqlite3StandIn = (folder: string): void =>
  writeFileSync(join(folder, "sqlite3"), standIn, { mode: 0o755 });

const standIn = `#!/usr/bin/env node
const { backup, DatabaseSync } = require("node:sqlite");
const [, , path, command] = process.argv;
backup(new DatabaseSync(path), command.split(" ")[1]);
`;
