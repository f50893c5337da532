import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import type { TestService } from "@carnet/testkit/service";
import type { Answer } from "./openapi-answers.ts";

/** Returns the response to a form whose body arrives while the service is draining. The service has then stopped. */
export async function answerWhileDraining(service: TestService, path: string, form: string): Promise<Answer> {
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": form.length,
    Expect: "100-continue",
  };
  const sending = request(service.url + path, { method: "POST", headers });
  const answered = once(sending, "response");
  sending.flushHeaders();
  await once(sending, "continue"); // the service has the head and waits for the body
  const stopped = service.server.close();
  sending.end(form);
  const [answer]: IncomingMessage[] = await answered;
  if (answer === undefined) throw new Error("no answer");
  const body = await json(answer);
  await stopped;
  return {
    status: answer.statusCode ?? 0,
    headers: new Headers(
      Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]),
    ),
    body,
  };
}
