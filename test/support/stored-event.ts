import { DatabaseSync } from "node:sqlite";

/** Stores events in the database of a running service, as another process does that changes something. */
export function storeEvents(file: string, ids: readonly string[]): void {
  using database = new DatabaseSync(file, { timeout: 5000 });
  const insert = database.prepare("insert into audit_events (id, at, event, actor, json) values (?, ?, ?, ?, ?)");
  database.exec("begin immediate");
  for (const id of ids) {
    const [at, event] = [Date.now(), "admin_reset"];
    const time = new Date(at).toISOString();
    const actor = { type: "cli" };
    const changed = { type: "client", client_id: "carnet-admin", action: "changed", changes: {} };
    const json = JSON.stringify({ time, id, event, outcome: "success", actor, objects: [changed] });
    insert.run(id, at, event, "cli", json);
  }
  database.exec("commit");
}
