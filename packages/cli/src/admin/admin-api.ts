import { randomUUID } from "node:crypto";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import type {
  AddedSecret,
  Client,
  ClientChange,
  ClientImport,
  ClientImportOutcome,
  ClientList,
  CreatedClient,
  NewClient,
  NewSecret,
  Rotation,
  Secret,
} from "@carnet/protocol/admin/clients";
import type { Problem } from "@carnet/protocol/admin/problems";
import type { Scope } from "@carnet/protocol/admin/scopes";
import { ConnectionError, type Fetch } from "@carnet/sdk";

/** The admin API refused an operation. The message is the problem's own, and holds no secret. */
export class AdminRefusal extends Error {
  override readonly name = "AdminRefusal";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The admin API as functions. Each throws an AdminRefusal where it is refused, and what the SDK throws otherwise. */
export class AdminApi {
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  createClient(client: NewClient): Promise<CreatedClient> {
    return this.#json("POST", "/clients", { body: client, once: true });
  }

  showClient(clientId: string): Promise<Client> {
    return this.#json("GET", clientPath(clientId));
  }

  /** The client, or undefined where none of this id is registered. */
  async findClient(clientId: string): Promise<Client | undefined> {
    try {
      return await this.showClient(clientId);
    } catch (error) {
      if (error instanceof AdminRefusal && error.problem.type === "urn:carnet:problem:not_found") return undefined;
      throw error;
    }
  }

  changeClient(clientId: string, change: ClientChange): Promise<Client> {
    return this.#json("PATCH", clientPath(clientId), { body: change });
  }

  deleteClient(clientId: string): Promise<void> {
    return this.#delete(clientPath(clientId));
  }

  listClients(query: Readonly<Record<string, string | readonly string[] | undefined>>): Promise<ClientList> {
    return this.#json("GET", `/clients${queryOf(query)}`);
  }

  /** Every client that a query finds, page by page. */
  async *allClients(
    query: Readonly<Record<string, string | readonly string[] | undefined>> = {},
  ): AsyncGenerator<Client> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.listClients({ ...query, limit: "1000", cursor });
      yield* page.clients;
      if (page.next === null) return;
      cursor = page.next;
    }
  }

  importClients(batch: ClientImport, dryRun: boolean): Promise<ClientImportOutcome> {
    return this.#json("POST", `/clients/import${queryOf({ dry_run: String(dryRun) })}`, { body: batch });
  }

  async listSecrets(clientId: string): Promise<readonly Secret[]> {
    const { secrets } = await this.#json<{ secrets: Secret[] }>("GET", `${clientPath(clientId)}/secrets`);
    return secrets;
  }

  addSecret(clientId: string, secret: NewSecret): Promise<AddedSecret> {
    return this.#json("POST", `${clientPath(clientId)}/secrets`, { body: secret, once: true });
  }

  rotateSecrets(clientId: string, rotation: Rotation): Promise<AddedSecret> {
    return this.#json("POST", `${clientPath(clientId)}/secrets/rotate`, { body: rotation, once: true });
  }

  revokeSecret(clientId: string, secretId: string): Promise<void> {
    return this.#delete(`${clientPath(clientId)}/secrets/${encodeURIComponent(secretId)}`);
  }

  async listScopes(): Promise<readonly Scope[]> {
    const { scopes } = await this.#json<{ scopes: Scope[] }>("GET", "/scopes");
    return scopes;
  }

  putScope(name: string, description: string): Promise<Scope> {
    return this.#json("PUT", `/scopes/${encodeURIComponent(name)}`, { body: { description } });
  }

  deleteScope(name: string): Promise<void> {
    return this.#delete(`/scopes/${encodeURIComponent(name)}`);
  }

  async #json<Body>(method: string, path: string, sent: Sent = {}): Promise<Body> {
    const answer = await this.#send(method, path, sent);
    const { status, headers } = answer;
    return answer.json().catch(() => {
      throw new AdminRefusal(strange(status, headers)); // the parser's message would quote what came
    }) as Promise<Body>;
  }

  async #delete(path: string): Promise<void> {
    const { status, headers } = await this.#send("DELETE", path);
    if (status !== 204) throw new AdminRefusal(strange(status, headers)); // by whatever it was, not by an admin API
  }

  async #send(method: string, path: string, { body, once }: Sent = {}): Promise<Response> {
    const headers = new Headers({ Accept: "application/json" });
    if (body !== undefined)
      headers.set("Content-Type", method === "PATCH" ? "application/merge-patch+json" : "application/json");
    if (once) headers.set("Idempotency-Key", randomUUID()); // so that a repetition of a lost request does nothing twice
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await this.#fetchAgain(once === true, () => this.#fetch(`${adminPath}${path}`, init));
    if (answer.ok) return answer;
    throw new AdminRefusal(await readProblem(answer));
  }

  /** A request that does nothing twice is sent again where its answer got lost: it may hold a secret. */
  async #fetchAgain(once: boolean, send: () => Promise<Response>): Promise<Response> {
    for (let tries = 1; ; tries++) {
      try {
        return await send();
      } catch (error) {
        if (!once || tries === 3 || !(error instanceof ConnectionError && error.mayHaveArrived)) throw error;
      }
    }
  }
}

interface Sent {
  readonly body?: unknown;
  readonly once?: boolean;
}

const clientPath = (clientId: string): string => `/clients/${encodeURIComponent(clientId)}`;

function queryOf(query: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) parameters.append(name, one);
  return parameters.size === 0 ? "" : `?${parameters}`;
}

async function readProblem(answer: Response): Promise<Problem> {
  const fallback = strange(answer.status, answer.headers);
  const text = await answer.text();
  if (!answer.headers.get("Content-Type")?.startsWith("application/problem+json")) return fallback;
  try {
    return { ...fallback, ...(JSON.parse(text) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

/** For an answer that no admin API gives. */
const strange = (status: number, headers: Headers): Problem => ({
  type: "about:blank",
  title: "The service refused",
  status,
  detail: `the service answered ${status} as no admin API does: is this the address of a Carnet service`,
  request_id: headers.get("X-Request-ID") ?? "",
});
