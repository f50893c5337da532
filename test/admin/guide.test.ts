import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { type AdminAnswer, AdminApi } from "../support/admin-api.ts";

/** Each example request of a page, with the response that the page shows, if any. */
const examplesOf = (page: string) =>
  [...textOf(page).matchAll(/```http\n(?<request>.*?)```\n(?:\n```json\n(?<answer>.*?)```)?/gs)].map(({ groups }) => {
    const [head = "", body] = (groups?.["request"] ?? "").split("\n\n");
    const [start = "", ...headerLines] = head.trim().split("\n");
    const [method = "", path = ""] = start.split(" ");
    const headers = Object.fromEntries(
      headerLines.map((line) => [line.split(": ")[0]?.toLowerCase(), line.split(": ")[1]]),
    );
    return { method, path, headers, body: body?.trim(), answer: groups?.["answer"] };
  });

const textOf = (page: string): string => readFileSync(join(import.meta.dirname, "../../docs/guide", page), "utf8");

describe("the guide to the admin API", () => {
  let service: TestService;
  let api: AdminApi;
  before(async () => {
    service = await startTestService({ settings: { scopeCatalogue: "closed" } });
    api = await AdminApi.of(service);
  });
  after(() => service[Symbol.asyncDispose]());

  for (const [page, least] of Object.entries({ "admin-api.md": 7, "teams.md": 4, "revoking.md": 1 })) {
    it(`has examples in ${page} that return the shown responses when they run in order`, async () => {
      const examples = examplesOf(page);
      assert.ok(examples.length >= least);
      let before: AdminAnswer | undefined;
      for (const { method, path, headers, body, answer } of examples) {
        const { authorization, "if-match": ifMatch, ...others } = headers;
        assert.equal(authorization, "Bearer $TOKEN");
        const etag = before?.headers.get("etag");
        const sent = ifMatch === "$ETAG" ? { ...others, "if-match": String(etag) } : others;
        const call = { headers: sent, ...(body === undefined ? {} : { raw: body }) };
        before = await api.call(method, path.replace("/admin/v1", ""), call);
        if (answer === undefined) {
          assert.ok(before.status < 300, `${method} ${path}: ${JSON.stringify(before.json)}`);
          continue;
        }
        const { request_id, ...expected } = JSON.parse(answer);
        const { request_id: _, ...actual } = before.json;
        assert.equal(typeof request_id, before.status < 300 ? "undefined" : "string");
        assert.deepEqual(actual, expected);
      }
    });
  }

  it("has no broken link", () => {
    for (const [, target = ""] of textOf("admin-api.md").matchAll(
      /\]\((?!https:\/\/www\.rfc-editor\.org\/)([^)]+)\)/g,
    )) {
      assert.ok(readFileSync(join(import.meta.dirname, "../../docs/guide", target.replace(/#.*/, ""))), target);
    }
  });
});
