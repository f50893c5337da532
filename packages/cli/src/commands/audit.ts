import type { Command } from "commander";
import { addUnknownCallersCommand } from "./audit-unknown-callers.ts";

/** `carnet audit …`: reads what was recorded. */
export function addAuditCommand(program: Command): void {
  const audit = program
    .command("audit")
    .description("Read what was recorded. The admin client needs the scope carnet:audit:read.");
  addUnknownCallersCommand(audit);
}
