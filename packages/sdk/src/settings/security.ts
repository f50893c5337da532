import { CarnetError } from "../errors/carnet-error.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { REDACTED, redact } from "../redaction/redact.ts";
import { summarise } from "../redaction/summarise.ts";
import { environment } from "./environment.ts";
import { similarName } from "./names.ts";

/** The credentials of a client. */
export interface Security {
  /** The client's id. */
  readonly clientId: string;
  /** The client's secret. */
  readonly clientSecret: string;
}

/** The credentials, or a function that fetches them. It is called again when the server refuses them. */
export type SecurityOption = Security | (() => Security | Promise<Security>);

const ID = "CARNET_CLIENT_ID";
const SECRET = "CARNET_CLIENT_SECRET";
const ADVICE = `Give \`security\`, or set ${ID} and ${SECRET}`;

/** The source of the credentials. It caches them until the server refuses them. */
export interface SecuritySource {
  /** The cached credentials, if any. */
  current(): Security | undefined;
  /** The credentials, fetched if necessary. Concurrent callers share one fetch. */
  get(): Promise<Security>;
  /** Fetches new credentials after `refused` was refused. Returns the same object if there are no others. */
  afterRefusal(refused: Security): Promise<Security>;
}

/** @throws {InvalidRequestError} if the credentials are empty or not strings, or must not go to a server nobody chose */
export function securitySource(option: SecurityOption | undefined, isServerChosen: boolean): SecuritySource {
  let load: (() => Security | Promise<Security>) | undefined;
  let current: Security | undefined;
  if (typeof option === "function") load = option;
  else current = option === undefined ? fromEnvironment(isServerChosen) : checkSecurity(option, isServerChosen);
  let loading: Promise<Security> | undefined;
  const loadOnce = async (): Promise<Security> => {
    if (!load) throw invalid("security", `is missing. ${ADVICE}`);
    try {
      const next = checkSecurity(await load(), isServerChosen);
      if (next.clientId !== current?.clientId || next.clientSecret !== current.clientSecret) current = next;
      return current;
    } catch (error) {
      if (error instanceof CarnetError) throw error;
      throw invalid("security", "failed: see the cause", summarise(error));
    }
  };
  const reload = (): Promise<Security> => {
    loading ??= loadOnce().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const get = async (): Promise<Security> => current ?? reload();
  return {
    current: () => current,
    get,
    // The refused credentials stay current until there are new ones: their cached token may still be valid.
    afterRefusal: (refused) => (load && current === refused ? reload() : get()),
  };
}

type Given = { readonly [Name in keyof Security]?: string | undefined };

/** Checks credentials and returns a copy that does not print its secret. A Carnet secret needs a server that was chosen. */
export function checkSecurity(given: Given, isServerChosen: boolean): Security {
  const clientId = checkCredential("clientId", given);
  const clientSecret = checkCredential("clientSecret", given);
  // The default server belongs to somebody else: it must not see the secret of a Carnet server, even if a file left a
  // space, quote or byte order mark before it.
  if (!isServerChosen && /^\W*carnet_/.test(clientSecret))
    throw invalid("serverURL", "is missing: set it or CARNET_SERVER_URL to the server that issued this Carnet secret");
  return redact({ clientId, clientSecret }, () => ({ clientId, clientSecret: REDACTED }));
}

/** Checks one credential. The error names its type, never its value. */
function checkCredential(name: keyof Security, given: Given): string {
  const value: unknown = Object(given)[name];
  if (value && typeof value === "string") return value;
  const others = Object.keys(Object(given)).filter((each) => each !== name);
  const other = value === undefined && similarName(name, others);
  if (other) throw invalid(`security.${other}`, `is unknown (did you mean \`${name}\`?)`);
  const seen = value === "" ? "empty" : typeof value;
  throw invalid(`security.${name}`, `must be a non-empty string, not ${seen}. ${ADVICE}`);
}

function fromEnvironment(isServerChosen: boolean): Security | undefined {
  const [clientId, clientSecret] = [environment(ID), environment(SECRET)];
  return (clientId ?? clientSecret) === undefined
    ? undefined
    : checkSecurity({ clientId, clientSecret }, isServerChosen);
}
