import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import type { EventList, Verification } from "@carnet/protocol/admin/audit";
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
import type { Explanation } from "@carnet/protocol/admin/explanation";
import type {
  KeyImport,
  KeyRotation,
  SigningKey,
  SigningKeyChange,
  SigningKeyList,
  SigningKeyRevocation,
} from "@carnet/protocol/admin/keys";
import type { NewOwner, Owner, OwnerChange, OwnerList, OwnerReport } from "@carnet/protocol/admin/owners";
import type { PepperRotation, PepperStatus, UnmovedSecrets } from "@carnet/protocol/admin/peppers";
import type { NewRevocation, RevocationList, RevocationResult } from "@carnet/protocol/admin/revocations";
import type { Scope, ScopeDescription } from "@carnet/protocol/admin/scopes";
import type { ClientUsage, UnknownCallers } from "@carnet/protocol/admin/usage";
import type { Whoami } from "@carnet/protocol/admin/whoami";
import { ConnectionError, type Fetch } from "@carnet/sdk";
import { notice } from "../failure.ts";
import { clientPath, keyPath, ownerPath, type Query, queryOf, scopePath, secretPath } from "./admin-paths.ts";
import { AdminRefusal, readProblem, unexpectedResponse } from "./admin-refusal.ts";
import { whole } from "./whole-answer.ts";

/** A client of the admin API. Methods throw an AdminRefusal if the service refuses, else the SDK's errors. */
export class AdminApi {
  readonly #fetch: Fetch;
  /** Whether the last request was one that changes something, or might. */
  isChanging = false;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** The calling admin client, and what it may do. */
  whoami(): Promise<Whoami> {
    return this.#json("GET", "/whoami");
  }

  createClient(client: NewClient): Promise<CreatedClient> {
    return this.#json("POST", "/clients", { body: client, idempotent: true });
  }

  showClient(clientId: string): Promise<Client> {
    return this.#json("GET", clientPath(clientId));
  }

  /** The client, or undefined if no client with this id is registered. */
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

  disableClient(clientId: string): Promise<Client> {
    return this.#json("POST", `${clientPath(clientId)}/disable`);
  }

  enableClient(clientId: string): Promise<Client> {
    return this.#json("POST", `${clientPath(clientId)}/enable`);
  }

  deleteClient(clientId: string): Promise<void> {
    return this.#delete(clientPath(clientId));
  }

  listClients(query: Query): Promise<ClientList> {
    return this.#json("GET", `/clients${queryOf(query)}`);
  }

  /** All clients that match a query, fetched page by page. */
  async *allClients(query: Query = {}): AsyncGenerator<Client> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.listClients({ ...query, limit: "1000", cursor });
      yield* page.clients;
      if (page.next === null) return;
      cursor = page.next;
    }
  }

  showClientUsage(clientId: string, days: number): Promise<ClientUsage> {
    return this.#json("GET", `${clientPath(clientId)}/usage${queryOf({ days: String(days) })}`);
  }

  listUnknownCallers(query: { readonly days: number; readonly limit: number }): Promise<UnknownCallers> {
    const { days, limit } = query;
    return this.#json("GET", `/audit/unknown-callers${queryOf({ days: String(days), limit: String(limit) })}`);
  }

  importClients(batch: ClientImport, dryRun: boolean): Promise<ClientImportOutcome> {
    return this.#json("POST", `/clients/import${queryOf({ dry_run: String(dryRun) })}`, { body: batch });
  }

  async listSecrets(clientId: string): Promise<readonly Secret[]> {
    const { secrets } = await this.#json<{ secrets: Secret[] }>("GET", `${clientPath(clientId)}/secrets`);
    return secrets;
  }

  showSecret(clientId: string, secretId: string): Promise<Secret> {
    return this.#json("GET", secretPath(clientId, secretId));
  }

  addSecret(clientId: string, secret: NewSecret): Promise<AddedSecret> {
    return this.#json("POST", `${clientPath(clientId)}/secrets`, { body: secret, idempotent: true });
  }

  rotateSecrets(clientId: string, rotation: Rotation): Promise<AddedSecret> {
    return this.#json("POST", `${clientPath(clientId)}/secrets/rotate`, { body: rotation, idempotent: true });
  }

  /** `withTokens`: whether to revoke the tokens that it got, too. Not given: only those of an admin client. */
  revokeSecret(clientId: string, secretId: string, withTokens?: boolean): Promise<void> {
    return this.#delete(`${secretPath(clientId, secretId)}${queryOf({ with_tokens: withTokens?.toString() })}`);
  }

  revokeTokens(revocation: NewRevocation): Promise<RevocationResult> {
    return this.#json("POST", "/revocations", { body: revocation });
  }

  listRevocations(query: Query): Promise<RevocationList> {
    return this.#json("GET", `/revocations${queryOf(query)}`);
  }

  async listScopes(): Promise<readonly Scope[]> {
    const { scopes } = await this.#json<{ scopes: Scope[] }>("GET", "/scopes");
    return scopes;
  }

  /** Finds a scope in the list, because the admin API cannot show a single one. */
  async showScope(name: string): Promise<Scope> {
    const found = (await this.listScopes()).find((scope) => scope.name === name);
    if (found !== undefined) return found;
    throw notFound("the catalogue has no such scope", scopePath(name));
  }

  putScope(name: string, scope: ScopeDescription): Promise<Scope> {
    return this.#json("PUT", scopePath(name), { body: scope });
  }

  deleteScope(name: string): Promise<void> {
    return this.#delete(scopePath(name));
  }

  createOwner(owner: NewOwner): Promise<Owner> {
    return this.#json("POST", "/owners", { body: owner });
  }

  async listOwners(): Promise<readonly Owner[]> {
    return (await this.#json<OwnerList>("GET", "/owners")).owners;
  }

  showOwner(name: string): Promise<OwnerReport> {
    return this.#json("GET", ownerPath(name));
  }

  changeOwner(name: string, change: OwnerChange, dryRun: boolean): Promise<OwnerReport> {
    return this.#json("PATCH", `${ownerPath(name)}${queryOf({ dry_run: String(dryRun) })}`, { body: change });
  }

  deleteOwner(name: string): Promise<void> {
    return this.#delete(ownerPath(name));
  }

  async listKeys(): Promise<readonly SigningKey[]> {
    return (await this.#json<SigningKeyList>("GET", "/keys")).keys;
  }

  /** Finds a key in the list, because the admin API cannot show a single one. */
  async showKey(kid: string): Promise<SigningKey> {
    const found = (await this.listKeys()).find((key) => key.kid === kid);
    if (found !== undefined) return found;
    throw notFound("no key has this id", keyPath(kid));
  }

  rotateKey(rotation: KeyRotation): Promise<SigningKeyChange> {
    return this.#json("POST", "/keys/rotate", { body: rotation });
  }

  importKey(key: KeyImport): Promise<SigningKeyChange> {
    return this.#json("POST", "/keys/import", { body: key });
  }

  retireKey(kid: string): Promise<SigningKeyChange> {
    return this.#json("POST", `${keyPath(kid)}/retire`);
  }

  revokeKey(kid: string): Promise<SigningKeyRevocation> {
    return this.#json("POST", `${keyPath(kid)}/revoke`);
  }

  showPeppers(): Promise<PepperStatus> {
    return this.#json("GET", "/peppers");
  }

  rotatePepper(rotation: PepperRotation): Promise<PepperStatus> {
    return this.#json("POST", "/peppers", { body: rotation });
  }

  listUnmovedSecrets(query: Query): Promise<UnmovedSecrets> {
    return this.#json("GET", `/peppers/unmoved${queryOf(query)}`);
  }

  explain(requestId: string): Promise<Explanation> {
    return this.#json("GET", `/explain${queryOf({ request_id: requestId })}`);
  }

  searchEvents(query: Query): Promise<EventList> {
    return this.#json("GET", `/audit/events${queryOf(query)}`);
  }

  /** The journal of the node that answers, in chunks of JSON Lines. */
  exportJournal(query: Query): Promise<AsyncIterable<Uint8Array>> {
    return this.#stream(`/audit/export${queryOf(query)}`);
  }

  /** Progress, and at the end one result. */
  async *verifyJournal(): AsyncGenerator<Verification> {
    const chunks = await this.#stream("/audit/verification");
    for await (const line of createInterface({ input: Readable.from(chunks) })) yield JSON.parse(line);
  }

  async #stream(path: string): Promise<AsyncIterable<Uint8Array>> {
    const { body, headers } = await this.#send("GET", path, { accept: "application/jsonl" });
    return whole(body ?? [], headers.get("X-Request-ID"));
  }

  async #json<Body>(method: string, path: string, options: RequestOptions = {}): Promise<Body> {
    const response = await this.#send(method, path, options);
    const { status, headers } = response;
    return response.json().catch(() => {
      throw new AdminRefusal(unexpectedResponse(status, headers), method, path); // The parser's message would quote the body.
    }) as Promise<Body>;
  }

  async #delete(path: string): Promise<void> {
    const { status, headers } = await this.#send("DELETE", path);
    if (status !== 204) throw new AdminRefusal(unexpectedResponse(status, headers), "DELETE", path); // The admin API answers 204.
  }

  async #send(
    method: string,
    path: string,
    { body, idempotent, accept = "application/json" }: RequestOptions = {},
  ): Promise<Response> {
    this.isChanging = method !== "GET";
    const headers = new Headers({ Accept: accept });
    if (body !== undefined)
      headers.set("Content-Type", method === "PATCH" ? "application/merge-patch+json" : "application/json");
    if (idempotent) headers.set("Idempotency-Key", randomUUID()); // Makes a retry safe.
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await this.#sendWithRetry(idempotent === true, () => this.#fetch(`${adminPath}${path}`, init));
    if (response.ok) return response;
    throw new AdminRefusal(await readProblem(response), method, path);
  }

  /** Retries a request with an idempotency key if its response was lost, because that response may hold a new secret. */
  async #sendWithRetry(idempotent: boolean, send: () => Promise<Response>): Promise<Response> {
    for (let tries = 1; ; tries++) {
      try {
        return await send();
      } catch (error) {
        if (!idempotent || tries === 3 || !(error instanceof ConnectionError && error.mayHaveArrived)) throw error;
        notice(`The connection broke before the answer came. Trying again, ${tries + 1} of 3.`);
      }
    }
  }
}

function notFound(detail: string, path: string): AdminRefusal {
  const problem = { type: "urn:carnet:problem:not_found", title: "Not found", status: 404, detail, request_id: "" };
  return new AdminRefusal(problem, "GET", path);
}

interface RequestOptions {
  readonly body?: unknown;
  readonly idempotent?: boolean;
  readonly accept?: string;
}
