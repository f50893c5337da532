import { IamError } from "../errors/iam-error.ts";
import { SDKError } from "../errors/sdk-error.ts";
import { factsOf } from "../http/answer-facts.ts";
import { scrub } from "../redaction/scrub.ts";
import { type Answer, membersOf } from "./answer.ts";

const MOST_WORDS = 300;

/** The error for an answer of 4XX or 5XX, whatever shape its body has. */
export function refused(answer: Answer): IamError | SDKError {
  const { status, secret, text } = answer;
  const members = membersOf(text) ?? {};
  /** The first of these members that is a text or a number, as one line without secrets. */
  const read = (...names: readonly string[]): string | undefined => {
    const found = names.map((name) => members[name]).find((value) => /string|number/.test(typeof value)) ?? "";
    return (
      scrub(String(found), secret)
        .replace(/[\s\p{Cc}]+/gu, " ")
        .trim() || undefined
    );
  };
  const error = read("error");
  const code = error ?? read("code");
  const words = read("error_description", "message", "body");
  const message = [`The token endpoint answered ${status}`, code, words?.slice(0, MOST_WORDS)]
    .filter(Boolean)
    .join(": ");
  const facts = factsOf(answer);
  return error !== undefined && (status === 400 || status === 401)
    ? new IamError(message, { ...facts, error, errorDescription: words, errorUri: read("error_uri") })
    : new SDKError(message, { ...facts, serverCode: code, serverMessage: words });
}
