import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { TestService } from "@carnet/testkit/service";
import { Validator } from "@seriousme/openapi-schema-validator";
import { answerTo, serviceIn } from "./support/answer-to.ts";
import { OpenApiAnswers } from "./support/openapi-answers.ts";
import { type SampleRequest, type State, sampleRequests } from "./support/openapi-requests.ts";

const nameOf = ({ method, path, expected }: SampleRequest): string => `${method} ${path} ${expected}`;

describe("the OpenAPI document", () => {
  const services = new Map<State, TestService>();
  let running: TestService;
  let openapi: OpenApiAnswers;
  before(async () => {
    for (const state of [
      "running",
      "past the sunset",
      "without its tables",
      "without a clock",
      "with a feed by token",
    ] as const) {
      services.set(state, await serviceIn(state));
    }
    running = await serviceFor("running");
    openapi = new OpenApiAnswers(Object(await (await fetch(`${running.url}/openapi.json`)).json()));
  });
  after(async () => {
    for (const service of services.values()) await service[Symbol.asyncDispose]();
  });

  /** A draining service is new for each request, because it stops afterwards. */
  const serviceFor = async (state: State): Promise<TestService> => services.get(state) ?? serviceIn(state);

  const send = async (sample: SampleRequest) => answerTo(sample, await serviceFor(sample.state));

  it("is accepted by a validator of OpenAPI 3.1", async () => {
    const document = JSON.parse(await (await fetch(`${running.url}/openapi.json`)).text());
    assert.deepEqual(await new Validator().validate(document), { valid: true });
  });

  it("says which role each kind of admin operation needs", async () => {
    const { paths } = Object(await (await fetch(`${running.url}/openapi.json`)).json());
    const { get, post } = paths["/admin/v1/clients"];
    assert.match(get.description, /Needs the role `admin` or `operator` or `auditor`\.$/);
    assert.match(post.description, /Needs the role `admin`\.$/);
    assert.match(
      paths["/admin/v1/audit/export"].get.description,
      /Needs the role `admin` or `auditor` over all owners\.$/,
    );
    const rotate = paths["/admin/v1/clients/{client_id}/secrets/rotate"].post.description;
    assert.match(
      rotate,
      /Needs the role `admin` or `operator`\. Each admin client may do this to itself, whatever its role\.$/,
    );
  });

  for (const sample of sampleRequests) {
    const { title, method, path, expected, state } = sample;
    it(`declares the ${expected} response of ${method} ${path} to ${title} while ${state}`, async () => {
      const answer = await send(sample);
      assert.equal(answer.status, expected, JSON.stringify(answer.body));
      openapi.assertDeclared(sample, answer);
    });
  }

  it("declares only these responses", () => {
    const answered = new Set(sampleRequests.map(nameOf));
    // test/admin/operations.test.ts checks the admin API
    const declared = openapi.declared().filter((name) => !name.includes(" /admin/"));
    const unanswered = declared.filter((name) => !answered.has(name));
    assert.deepEqual(unanswered, []);
  });

  it("has the real refusals as examples", async () => {
    const refused = sampleRequests.filter(({ expected, method }) => expected >= 400 && method === "POST");
    const received = await Promise.all(refused.map(async (sample) => JSON.stringify((await send(sample)).body)));
    const examples = openapi.refusalExamples().map((example) => JSON.stringify(example));
    assert.ok(examples.length > 10);
    assert.deepEqual(new Set(examples), new Set(received.filter((answer) => !answer.includes("X-Version"))));
  });

  it("describes the response for an unknown path", async () => {
    const answer = await send({ title: "", method: "GET", path: "/nowhere", expected: 404, state: "running" });
    assert.equal(answer.status, 404);
    openapi.assertComponent("NotFound", answer);
  });

  it("describes the response to a method that is not allowed [RFC9110 §15.5.6]", async () => {
    for (const path of Object.keys(openapi.document.paths).filter((one) => !one.startsWith("/admin/"))) {
      const answer = await send({ title: "", method: "DELETE", path, expected: 405, state: "running" });
      assert.equal(answer.status, 405);
      openapi.assertComponent("MethodNotAllowed", answer);
    }
  });
});
