import { InvalidRequestError } from "../errors/invalid-request-error.ts";
import { RequestAbortedError } from "../errors/request-aborted-error.ts";
import { REDACTED, redact } from "../redaction/redact.ts";
import { scrubber } from "../redaction/scrub.ts";
import { summarise } from "../redaction/summarise.ts";
import { environment } from "./environment.ts";

/** What a client proves itself with. */
export interface Security {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The credentials, or a function that fetches them, which is asked again after the server refused them. */
export type SecurityOption = Security | (() => Security | Promise<Security>);

/** Where the credentials come from, remembered until the server refuses them. */
export class SecuritySource {
  readonly #ask: (() => Security | Promise<Security>) | undefined;
  #current: Security | undefined;
  #asking: Promise<Security> | undefined;

  /** @throws {InvalidRequestError} for credentials that are empty or not strings */
  constructor(option: SecurityOption | undefined) {
    if (typeof option === "function") this.#ask = option;
    else this.#current = option === undefined ? fromEnvironment() : checkSecurity(option);
  }

  /** The credentials if they are known without asking. */
  get current(): Security | undefined {
    return this.#current;
  }

  /** The credentials, asked for if need be; any number of callers at once ask once. */
  get(): Promise<Security> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    this.#asking ??= this.#renew();
    return this.#asking;
  }

  /** Asks again after `refused` was refused; returns undefined where there is nothing else to try. */
  async afterRefusal(refused: Security): Promise<Security | undefined> {
    if (this.#ask === undefined) return undefined;
    if (this.#current === refused) this.#current = undefined;
    const next = await this.get();
    const same = next.clientId === refused.clientId && next.clientSecret === refused.clientSecret;
    return same ? undefined : next;
  }

  async #renew(): Promise<Security> {
    try {
      if (this.#ask === undefined) throw noCredentials();
      this.#current = checkSecurity(await this.#ask());
      return this.#current;
    } catch (error) {
      if (error instanceof InvalidRequestError || error instanceof RequestAbortedError) throw error;
      const cause = summarise(error, scrubber([]));
      throw new InvalidRequestError("The security function failed: see the cause.", { field: "security", cause });
    } finally {
      this.#asking = undefined;
    }
  }
}

/** Checks credentials and returns a copy that shows no secret when printed. */
export function checkSecurity(given: Security): Security {
  const { clientId, clientSecret } = Object(given);
  const checked = {
    clientId: checkCredential("security.clientId", clientId),
    clientSecret: checkCredential("security.clientSecret", clientSecret),
  };
  return redact(checked, () => ({ clientId: checked.clientId, clientSecret: REDACTED }));
}

/** Checks one credential; says what was seen, but never its text. */
export function checkCredential(field: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  const seen = value === "" ? "an empty string" : value === null ? "null" : typeof value;
  throw new InvalidRequestError(`${field} must be a non-empty string; it is ${seen}. ${ADVICE}`, { field });
}

const ADVICE =
  "Pass `security: { clientId, clientSecret }`, or leave it out and set CARNET_CLIENT_ID and CARNET_CLIENT_SECRET.";

function fromEnvironment(): Security | undefined {
  const clientId = environment("CARNET_CLIENT_ID");
  const clientSecret = environment("CARNET_CLIENT_SECRET");
  if (clientId === undefined && clientSecret === undefined) return undefined;
  return checkSecurity({
    clientId: checkCredential("CARNET_CLIENT_ID", clientId),
    clientSecret: checkCredential("CARNET_CLIENT_SECRET", clientSecret),
  });
}

function noCredentials(): InvalidRequestError {
  return new InvalidRequestError(`There are no credentials. ${ADVICE}`, { field: "security" });
}
