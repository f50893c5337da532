import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TestService } from "@carnet/testkit/service";
import { Validator } from "@seriousme/openapi-schema-validator";
import { answerTo, serviceIn } from "./support/answer-to.ts";
import { OpenApiAnswers } from "./support/openapi-answers.ts";
import { type Ask, asks, type State } from "./support/openapi-asks.ts";

const nameOf = ({ method, path, expected }: Ask): string => `${method} ${path} ${expected}`;

describe("the OpenAPI document", () => {
  const services = new Map<State, TestService>();
  let running: TestService;
  let openapi: OpenApiAnswers;
  before(async () => {
    for (const state of ["running", "past the sunset", "without its tables", "without a clock"] as const) {
      services.set(state, await serviceIn(state));
    }
    running = await serviceFor("running");
    openapi = new OpenApiAnswers(Object(await (await fetch(`${running.url}/openapi.json`)).json()));
  });
  after(async () => {
    for (const service of services.values()) await service[Symbol.asyncDispose]();
  });

  /** A service that is told to stop is good for one request. */
  const serviceFor = async (state: State): Promise<TestService> => services.get(state) ?? serviceIn(state);

  const ask = async (asked: Ask) => answerTo(asked, await serviceFor(asked.on));

  it("is accepted by a validator of OpenAPI 3.1", async () => {
    const document = JSON.parse(await (await fetch(`${running.url}/openapi.json`)).text());
    assert.deepEqual(await new Validator().validate(document), { valid: true });
  });

  for (const asked of asks) {
    const { of, method, path, expected, on } = asked;
    it(`declares the ${expected} that ${method} ${path} answers to ${of} while ${on}`, async () => {
      const answer = await ask(asked);
      assert.equal(answer.status, expected, JSON.stringify(answer.body));
      openapi.assertDeclared(asked, answer);
    });
  }

  it("declares no other answers than these, but for the refusal of too many requests, which comes later", () => {
    const answered = new Set(asks.map(nameOf));
    // What the admin API declares is held against its answers in test/admin/operations.test.ts
    const declared = openapi.declared().filter((name) => !name.includes(" /admin/"));
    const unanswered = declared.filter((name) => !answered.has(name));
    assert.deepEqual(unanswered, ["POST /oauth2/token 429", "POST /iam/v1/oauth2/token 429"]);
  });

  it("shows as examples of refusals what the service says", async () => {
    const refused = asks.filter(({ expected, method }) => expected >= 400 && method === "POST");
    const said = await Promise.all(refused.map(async (asked) => JSON.stringify((await ask(asked)).body)));
    const examples = openapi.refusalExamples().map((example) => JSON.stringify(example));
    assert.ok(examples.length > 10);
    assert.deepEqual(new Set(examples), new Set(said.filter((answer) => !answer.includes("X-Version"))));
  });

  it("describes the answer under a path that is none", async () => {
    const answer = await ask({ of: "", method: "GET", path: "/nowhere", expected: 404, on: "running" });
    assert.equal(answer.status, 404);
    openapi.assertComponent("NotFound", answer);
  });

  it("describes the answer to a method that a path does not take [RFC9110 §15.5.6]", async () => {
    for (const path of Object.keys(openapi.document.paths).filter((one) => !one.startsWith("/admin/"))) {
      const answer = await ask({ of: "", method: "DELETE", path, expected: 405, on: "running" });
      assert.equal(answer.status, 405);
      openapi.assertComponent("MethodNotAllowed", answer);
    }
  });
});
