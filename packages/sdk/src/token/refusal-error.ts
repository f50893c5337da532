import type { ErrorResponse } from "@carnet/protocol/token-response";
import { IamError } from "../errors/iam-error.ts";
import { SDKError } from "../errors/sdk-error.ts";
import { factsOf } from "../http/answer-facts.ts";
import { scrub } from "../redaction/scrub.ts";
import { type Answer, membersOf } from "./answer.ts";

const MAX_DESCRIPTION = 300;

/** The error for a 4XX or 5XX response with any body. */
export function refusalError(answer: Answer): IamError | SDKError {
  const { status, secret, text } = answer;
  const members = membersOf(text) ?? {};
  /** The first of these members that is a string or a number, on one line and without secrets. */
  const read = (...names: readonly (keyof ErrorResponse | "code" | "message" | "body")[]): string | undefined => {
    const found = names.map((name) => members[name]).find((value) => /string|number/.test(typeof value)) ?? "";
    return (
      scrub(String(found), secret)
        .replace(/[\s\p{Cc}]+/gu, " ")
        .trim() || undefined
    );
  };
  const error = read("error");
  const code = error ?? read("code");
  const description = read("error_description", "message", "body");
  const message = [`The token endpoint answered ${status}`, code, description?.slice(0, MAX_DESCRIPTION)]
    .filter(Boolean)
    .join(": ");
  const facts = factsOf(answer);
  return error !== undefined && (status === 400 || status === 401)
    ? new IamError(message, { ...facts, error, errorDescription: description, errorUri: read("error_uri") })
    : new SDKError(message, { ...facts, serverCode: code, serverMessage: description });
}
