import { IamError } from "../errors/iam-error.ts";
import { SDKError } from "../errors/sdk-error.ts";
import type { Scrub } from "../redaction/scrub.ts";
import { type Answer, factsOf, membersOf } from "./answer.ts";

/** The error for an answer of 4XX or 5XX, whatever shape its body has. */
export function refused(answer: Answer, scrub: Scrub): IamError | SDKError {
  const facts = factsOf(answer, scrub);
  const members = membersOf(answer.text) ?? {};
  const read = (name: string): string | undefined => text(members[name], scrub);
  const [error, errorDescription, errorUri] = [read("error"), read("error_description"), read("error_uri")];
  if ((answer.status === 400 || answer.status === 401) && error !== undefined) {
    const message = said(answer.status, error, errorDescription);
    return new IamError(message, { ...facts, error, errorDescription, errorUri });
  }
  const serverCode = error ?? read("code");
  const serverMessage = errorDescription ?? read("message") ?? read("body");
  return new SDKError(said(answer.status, serverCode, serverMessage), { ...facts, serverCode, serverMessage });
}

function said(status: number, code: string | undefined, words: string | undefined): string {
  const short = words === undefined || words.length <= 300 ? words : `${words.slice(0, 300)}…`;
  return ["The token endpoint answered", status, [code, short].filter((part) => part !== undefined).join(": ")]
    .filter((part) => part !== "")
    .join(" ");
}

/** A member as one line without secrets; numbers count as text. */
function text(value: unknown, scrub: Scrub): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  return (
    scrub(String(value))
      .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
      .trim() || undefined
  );
}
