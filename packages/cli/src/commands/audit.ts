import type { Command } from "commander";
import { addAuditExportCommand } from "./audit-export.ts";
import { addAuditSearchCommand } from "./audit-search.ts";
import { addAuditTailCommand } from "./audit-tail.ts";
import { addUnknownCallersCommand } from "./audit-unknown-callers.ts";
import { addAuditVerifyCommand } from "./audit-verify.ts";

/** `carnet audit …`: reads what was recorded, and checks that nothing is missing or altered. */
export function addAuditCommand(program: Command): void {
  const audit = program
    .command("audit")
    .description(
      "Read and verify the audit events: who did what, from where, and how it ended. It needs the role auditor or admin; export, verify and unknown-callers need it over all owners.",
    );
  addAuditTailCommand(audit);
  addAuditSearchCommand(audit);
  addAuditExportCommand(audit);
  addAuditVerifyCommand(audit);
  addUnknownCallersCommand(audit);
}
