// Every answer of the readiness probe matches the OpenAPI document, with the facts of an outage.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkReadiness, type ReadinessPorts, starting } from "@carnet/server/http/health-routes";
import { openApiDocument } from "@carnet/server/http/openapi";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";
import { OpenApiAnswers } from "./support/openapi-answers.ts";

const answers = new OpenApiAnswers(Object(openApiDocument("http://localhost:8080")));
const responses = Object(answers.document.paths["/health/ready"]?.["get"]?.responses);

const since = Date.parse("2026-11-27T09:00:00Z");
const ports = {
  keys: { published: [{}] },
  checkStore: async () => {},
  storeGrace: () => ({ since, ends: since + 900_000, isOver: false }),
  ...{ storeName: "the store", isDraining: () => false, isJournalUnavailable: () => false, log: { fault() {} } },
};
const away = {
  checkStore: async () => {
    throw new StoreUnavailable("the store does not answer");
  },
};
const over = { ...away, storeGrace: () => ({ since, ends: since, isOver: true }) };

const probe = (changes: object) => checkReadiness(Object({ ...ports, ...changes }) as ReadinessPorts, null);

describe("the readiness probe in the OpenAPI document", () => {
  for (const [status, changes] of Object.entries({ ready: {}, degraded: away, unavailable: over })) {
    it(`has the answer of a service that is ${status}`, async () => assertDeclared(await probe(changes), status));
  }

  it("has the answer of a service that is starting", () => {
    assertDeclared(starting(null), "starting");
    assertDeclared(starting("The store does not answer."), "starting");
  });
});

function assertDeclared({ status, body }: { readonly status: number; readonly body: string }, expected: string): void {
  const parsed = JSON.parse(body);
  assert.equal(parsed.status, expected);
  answers.assertMatches(responses[status].content["application/json"].schema, parsed);
}
