import assert from "node:assert/strict";
import { test } from "node:test";
import { openPlannedSearch } from "./planned-search.ts";

test("a search for admin clients does not read the other clients", async () => {
  await using at = await openPlannedSearch();
  for (const role of ["any", "auditor"] as const) {
    const plan = await at.planOf({ role });
    assert.match(plan.join("\n"), /SEARCH clients USING INDEX clients_role/, role);
  }
});
