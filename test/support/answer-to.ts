import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { tokenOf } from "./admin-api.ts";
import { answerWhileDraining } from "./answer-while-draining.ts";
import type { Answer } from "./openapi-answers.ts";
import { clients, type SampleRequest, type State } from "./openapi-requests.ts";

/** Starts a service in the given state, with the clients that the requests use. */
export async function serviceIn(state: State): Promise<TestService> {
  let stopped = false;
  let later = 0;
  const clock = { now: () => (stopped ? fail() : Date.now() + later) };
  const settings = settingsOf[state] ?? {};
  const service = await startTestService({ clock, settings });
  for (const client of clients) await service.register(client);
  stopped = state === "without a clock";
  if (state === "without its tables") {
    const store = new DatabaseSync(join(service.folder, "carnet.db"));
    store.exec("drop table client_secrets; drop table clients; drop table revocations");
    store.close();
    later = 60_000; // what was read before has expired
  }
  return {
    ...service,
    async [Symbol.asyncDispose]() {
      stopped = false; // a stop is recorded with its time
      await service[Symbol.asyncDispose]();
    },
  };
}

const settingsOf: Readonly<Partial<Record<State, Readonly<Record<string, string>>>>> = {
  "past the sunset": { sunsetAt: "2026-01-01T00:00:00Z" },
  "with a feed by token": { revocationFeed: "token" },
};

/** A fault that no operator can fix. */
function fail(): never {
  throw new Error("the clock has stopped");
}

const bodyOf = ({ headers }: Response, text: string): unknown => {
  if (text === "") return undefined;
  return headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
};

/** Sends a request to a service in the right state, and returns the response. */
export async function answerTo(sample: SampleRequest, service: TestService): Promise<Answer> {
  const form = new URLSearchParams(sample.form);
  if (sample.state === "draining") return answerWhileDraining(service, sample.path, form.toString());
  const { method, as } = sample;
  const headers = { ...sample.headers, ...(as && { Authorization: `Bearer ${await tokenOf(service, as)}` }) };
  const answer = await fetch(service.url + sample.path, {
    method,
    headers,
    ...(method === "POST" ? { body: form } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: bodyOf(answer, text) };
}
