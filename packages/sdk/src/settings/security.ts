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

const ID = "CARNET_CLIENT_ID";
const SECRET = "CARNET_CLIENT_SECRET";
const ADVICE = `Give \`security\`, or set ${ID} and ${SECRET}`;

/** Where the credentials come from, remembered until the server refuses them. */
export interface SecuritySource {
  /** The credentials if they are known without asking. */
  current(): Security | undefined;
  /** The credentials, asked for if need be; any number of callers at once ask once. */
  get(): Promise<Security>;
  /** Asks again after `refused` was refused; gives the same where there is nothing else to try. */
  afterRefusal(refused: Security): Promise<Security>;
}

/** @throws {InvalidRequestError} for credentials that are empty or not strings */
export function securitySource(option: SecurityOption | undefined): SecuritySource {
  let ask: (() => Security | Promise<Security>) | undefined;
  let current: Security | undefined;
  if (typeof option === "function") ask = option;
  else current = option === undefined ? fromEnvironment() : checkSecurity(option);
  let asking: Promise<Security> | undefined;
  const askNow = async (): Promise<Security> => {
    if (!ask) throw invalid("security", `is missing. ${ADVICE}`);
    try {
      const next = checkSecurity(await ask());
      if (next.clientId !== current?.clientId || next.clientSecret !== current.clientSecret) current = next;
      return current;
    } catch (error) {
      if (error instanceof CarnetError) throw error;
      throw invalid("security", "failed: see the cause", summarise(error));
    }
  };
  const renew = (): Promise<Security> => {
    asking ??= askNow().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  const get = async (): Promise<Security> => current ?? renew();
  return {
    current: () => current,
    get,
    // The refused ones stay current until others are known: a token got with them may still be good.
    afterRefusal: (refused) => (ask && current === refused ? renew() : get()),
  };
}

type Given = { readonly [Name in keyof Security]?: string | undefined };

/** Checks credentials and returns a copy that shows no secret when printed. */
export function checkSecurity(given: Given): Security {
  const clientId = checkCredential("clientId", given);
  const clientSecret = checkCredential("clientSecret", given);
  return redact({ clientId, clientSecret }, () => ({ clientId, clientSecret: REDACTED }));
}

/** Checks one credential; says what was seen, but never its text. */
function checkCredential(name: keyof Security, given: Given): string {
  const value: unknown = Object(given)[name];
  if (value && typeof value === "string") return value;
  const seen = value === "" ? "empty" : typeof value;
  throw invalid(`security.${name}`, `must be a non-empty string, not ${seen}. ${ADVICE}`);
}

function fromEnvironment(): Security | undefined {
  const [clientId, clientSecret] = [environment(ID), environment(SECRET)];
  return (clientId ?? clientSecret) === undefined ? undefined : checkSecurity({ clientId, clientSecret });
}
