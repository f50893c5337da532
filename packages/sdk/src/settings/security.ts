import { CarnetError } from "../errors/carnet-error.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { REDACTED, redact } from "../redaction/redact.ts";
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
    // The refused ones stay current until others are known: a token got with them may still be good.
    if (this.#current === refused) this.#asking ??= this.#renew();
    const next = await (this.#asking ?? this.get());
    return next === refused ? undefined : next;
  }

  async #renew(): Promise<Security> {
    try {
      if (this.#ask === undefined) throw invalid("security", `is missing. ${ADVICE}`);
      const next = checkSecurity(await this.#ask());
      if (!same(this.#current, next)) this.#current = next;
      return this.#current ?? next;
    } catch (error) {
      if (error instanceof CarnetError) throw error;
      throw invalid("security", "could not be had from its function: see the cause", summarise(error));
    } finally {
      this.#asking = undefined;
    }
  }
}

function same(one: Security | undefined, other: Security): boolean {
  return one?.clientId === other.clientId && one.clientSecret === other.clientSecret;
}

/** Checks credentials and returns a copy that shows no secret when printed. */
export function checkSecurity(given: Partial<Security>): Security {
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
  throw invalid(field, `must be a non-empty string; it is ${seen}. ${ADVICE}`);
}

const ADVICE =
  "Pass `security: { clientId, clientSecret }`, or leave it out and set CARNET_CLIENT_ID and CARNET_CLIENT_SECRET";

function fromEnvironment(): Security | undefined {
  const clientId = environment("CARNET_CLIENT_ID");
  const clientSecret = environment("CARNET_CLIENT_SECRET");
  if (clientId === undefined && clientSecret === undefined) return undefined;
  return checkSecurity({
    clientId: checkCredential("CARNET_CLIENT_ID", clientId),
    clientSecret: checkCredential("CARNET_CLIENT_SECRET", clientSecret),
  });
}
