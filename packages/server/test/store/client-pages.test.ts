import assert from "node:assert/strict";
import { test } from "node:test";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { openPlannedSearch } from "./planned-search.ts";

test("a page starts where the last one ended without reading what comes before", async () => {
  await using at = await openPlannedSearch();
  const after = { value: "app", clientId: clientIdOf("app") };
  for (const owner of [null, "payments"]) {
    const plan = await at.planOf({ owner, after });
    assert.match(plan.join("\n"), /SEARCH clients USING (?:PRIMARY KEY|INDEX \w+) \(.*client_id>\?\)/);
  }
});
