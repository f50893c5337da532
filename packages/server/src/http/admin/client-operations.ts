import { changeSettings, deleteClient, entityTagOf, findClient } from "@carnet/core/admin/change-client";
import { type ImportOutcome, importClients, refusedClients } from "@carnet/core/admin/import-clients";
import { type AdminProblem, invalid } from "@carnet/core/admin-problem";
import { type Client, shownOwner } from "@carnet/core/client/client";
import { type ClientPlace, type ClientQuery, clientSortKeys } from "@carnet/core/client/client-store";
import { maxLabels } from "@carnet/core/client/fields";
import { type ClientRegistration, type RegisteredClient, registerClient } from "@carnet/core/client/register-client";
import { adminPath, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type * as wire from "@carnet/protocol/admin/clients";
import { maxImportBatch } from "@carnet/protocol/admin/max-import-batch";
import { roles } from "@carnet/protocol/admin/roles";
import { parseClientId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import type { AdminPorts, ChangePorts, ReadPorts } from "./admin-ports.ts";
import { saveCounts } from "./busy.ts";
import { formatCursor, pageAnswer, parseCursor } from "./cursor.ts";
import { type Answer, type Call, type Operation, operation } from "./operation.ts";
import { answerOnce } from "./repeated-requests.ts";
import { clientView } from "./views.ts";

const { readClients, writeClients } = adminScopes;

const shown = (client: Client, ports: AdminPorts): Answer => ({
  headers: { ETag: entityTagOf(client) },
  body: clientView(client, ports),
});

const created = ({ client, generatedSecret }: RegisteredClient, ports: AdminPorts): Answer => ({
  created: { type: "client", id: client.clientId, clientId: null, owner: shownOwner(client) },
  headers: { ETag: entityTagOf(client), Location: `${adminPath}/clients/${encodeURIComponent(client.clientId)}` },
  body: { ...clientView(client, ports), ...(generatedSecret && { client_secret: generatedSecret.reveal() }) },
});

const targetOf = ({ parameter, ifMatch }: Pick<Call<unknown, unknown>, "parameter" | "ifMatch">) => ({
  clientId: parameter("client_id"),
  ifMatch,
});

async function change(
  input: wire.ClientChange,
  call: Parameters<typeof targetOf>[0],
  ports: ChangePorts,
): Promise<Result<Answer, AdminProblem>> {
  const changed = await changeSettings(targetOf(call), input, ports);
  if (!changed.ok) return changed;
  ports.directory.forget(changed.value.client.clientId);
  return ok(shown(changed.value.client, ports));
}

/** The operations on clients. */
export const clientOperations: readonly Operation[] = [
  operation({
    operationId: "listClients",
    tag: "Clients",
    method: "GET",
    path: "/clients",
    scope: readClients,
    needs: "read",
    summary: "List clients",
    description:
      'Filters, searches and sorts. To get the next page, follow `Link: rel="next"` or pass `next` as `cursor`.',
    query: "ClientFilter",
    success: { status: 200, schema: "ClientList" },
    refusals: [],
    run: ({ query }, ports) => listClients(query, ports),
  }),
  operation({
    operationId: "createClient",
    tag: "Clients",
    method: "POST",
    path: "/clients",
    event: "client_created",
    scope: writeClients,
    needs: "manage",
    summary: "Register a client",
    description: "Generates a secret, which only this answer shows, or imports an existing one.",
    body: "NewClient",
    repeatable: true,
    success: { status: 201, schema: "CreatedClient", tagged: true, located: true },
    refusals: ["not_found", "taken", "policy"],
    run: (call, ports) =>
      answerOnce(call, ports, async (record) => {
        const recorded = record && ((made: RegisteredClient) => record(created(made, ports)));
        const registered = await registerClient(registrationOf(call.body), ports, recorded);
        return registered.ok ? ok(created(registered.value, ports)) : registered;
      }),
  }),
  operation({
    operationId: "showClient",
    tag: "Clients",
    method: "GET",
    path: "/clients/:client_id",
    scope: readClients,
    needs: "read",
    summary: "Show a client",
    success: { status: 200, schema: "Client", tagged: true },
    refusals: ["not_found"],
    async run({ parameter }, ports) {
      const found = await findClient(parameter("client_id"), ports);
      return found.ok ? ok(shown(found.value, ports)) : found;
    },
  }),
  operation({
    operationId: "changeClient",
    tag: "Clients",
    method: "PATCH",
    path: "/clients/:client_id",
    event: "client_changed",
    scope: writeClients,
    needs: "manage",
    summary: "Change a client",
    description: "A merge patch (RFC 7396). Changing `username` revokes all secrets and tokens.",
    body: "ClientChange",
    conditional: true,
    success: { status: 200, schema: "Client", tagged: true },
    refusals: ["not_found", "changed", "policy", "last_admin"],
    run: (call, ports) => change(call.body, call, ports),
  }),
  ...(["disable", "enable"] as const).map((verb) =>
    operation({
      operationId: `${verb}Client`,
      tag: "Clients",
      method: "POST",
      path: `/clients/:client_id/${verb}`,
      event: verb === "disable" ? "client_disabled" : "client_enabled",
      scope: writeClients,
      needs: "operate",
      summary:
        verb === "disable"
          ? "Disable a client: it gets no new tokens, and its tokens are revoked"
          : "Enable a client again",
      conditional: true,
      success: { status: 200, schema: "Client", tagged: true },
      refusals: ["not_found", "changed", "policy", ...(verb === "enable" ? [] : ["last_admin" as const])],
      run: (call, ports) => change({ status: verb === "disable" ? "disabled" : "active" }, call, ports),
    }),
  ),
  operation({
    operationId: "deleteClient",
    tag: "Clients",
    method: "DELETE",
    path: "/clients/:client_id",
    event: "client_deleted",
    scope: writeClients,
    needs: "manage",
    summary: "Delete a client and its secrets, and revoke its tokens",
    conditional: true,
    success: { status: 204 },
    refusals: ["not_found", "changed", "policy", "last_admin"],
    async run(call, ports) {
      const deleted = await deleteClient(targetOf(call), ports);
      if (!deleted.ok) return deleted;
      ports.directory.forget(call.parameter("client_id"));
      return ok({});
    },
  }),
  operation({
    operationId: "importClients",
    tag: "Clients",
    method: "POST",
    path: "/clients/import",
    event: "clients_imported",
    scope: writeClients,
    needs: "manage",
    summary: "Import existing clients with their secrets",
    description: `Up to ${maxImportBatch} per request. A refused client does not stop the others.`,
    query: "ImportFilter",
    body: "ClientImport",
    success: { status: 200, schema: "ClientImportOutcome" },
    refusals: [],
    async run({ query, body }, ports) {
      const dryRun = query.dry_run === "true";
      const outcomes = await importClients(body.clients.map(registrationOf), { dryRun }, ports);
      const refused = refusedClients(outcomes);
      return ok({ body: importView(body, outcomes), refused, ...(dryRun && { unchanged: "dry_run" }) });
    },
  }),
];

/** Bytes of the problems in the answer to an import: 2 KB for each of 500 clients. */
const maxProblems = 1024 * 1024;

/** Said of the clients beyond that. */
const noRoom = "was refused; the answer has no room for more reasons: import it again without the clients before it";

/** Bounded, because a policy can say much more about each client than the request does. */
function importView(body: wire.ClientImport, outcomes: readonly ImportOutcome[]): wire.ClientImportOutcome {
  let size = 0;
  const failed = outcomes.flatMap((outcome, position) => {
    if (outcome.ok) return [];
    const { detail: problem, errors = [] } = outcome.error;
    size += Buffer.byteLength(JSON.stringify({ problem, errors }));
    const reasons = size > maxProblems ? { problem: noRoom, errors: [] } : { problem, errors: [...errors] };
    return [{ position, client_id: body.clients[position]?.client_id ?? null, ...reasons }];
  });
  const imported = body.clients.filter((_, position) => isImported(outcomes[position]));
  return {
    imported: imported.length,
    unchanged: outcomes.length - failed.length - imported.length,
    without_scopes: imported.filter(({ scope }) => !scope?.trim()).length,
    failed,
  };
}

const isImported = (outcome: ImportOutcome | undefined): boolean => outcome?.ok === true && !outcome.value.isUnchanged;

const registrationOf = ({ secret, ...client }: wire.NewClient): ClientRegistration => ({
  ...client,
  ...(secret && { secret: newSecretOf(secret) }),
});

/** Wraps an existing secret as soon as the body is parsed. */
export const newSecretOf = ({ value, ...secret }: wire.NewSecret) => ({
  ...secret,
  ...(value === undefined ? {} : { value: new Redacted(value) }),
});

async function listClients(filter: wire.ClientFilter, ports: ReadPorts): Promise<Result<Answer, AdminProblem>> {
  const query = readQuery(filter, ports);
  if (!query.ok) return query;
  // Else a client would be listed for seconds after it got a token
  if (query.value.unusedSince !== null) await saveCounts(ports);
  const page = await ports.store.search(query.value);
  const next = page.next && formatCursor([sortOf(filter), page.next.value, page.next.clientId]);
  const body: wire.ClientList = { clients: page.clients.map((client) => clientView(client, ports)), next };
  return ok(pageAnswer("/clients", filter, body));
}

const sortOf = (filter: wire.ClientFilter): string => filter.sort ?? "client_id";

/** undefined: the cursor is malformed, or of another sort order. */
function placeOf(cursor: string, sort: string): ClientPlace | undefined {
  const [sortedBy, value, id, ...rest] = parseCursor(cursor);
  const clientId = parseClientId(typeof id === "string" ? id : "");
  const isPlace = sortedBy === sort && (typeof value === "string" || typeof value === "number") && rest.length === 0;
  return isPlace && clientId.ok ? { value, clientId: clientId.value } : undefined;
}

function readQuery(
  filter: wire.ClientFilter,
  { clock, authority: { caller } }: ReadPorts,
): Result<ClientQuery, AdminProblem> {
  const now = clock.now();
  const sort = sortOf(filter);
  const after = filter.cursor === undefined ? null : placeOf(filter.cursor, sort);
  if (after === undefined)
    return invalid([
      { pointer: "/cursor", detail: "is malformed or from another sort order: use `next` of the previous page" },
    ]);
  if (/\p{Cc}/u.test(filter.q ?? ""))
    // SQLite ends a pattern at a NUL
    return invalid([{ pointer: "/q", detail: "must not contain control characters" }]);
  const labels = [filter.label ?? []].flat().map((label) => /^([^=]+)=(.*)$/s.exec(label));
  if (labels.includes(null)) return invalid([{ pointer: "/label", detail: "must be written name=value" }]);
  if (new Set(labels.map((match) => match?.[1])).size < labels.length)
    return invalid([{ pointer: "/label", detail: "must not name a label twice: a client has one value for each" }]);
  if (labels.length > maxLabels)
    return invalid([{ pointer: "/label", detail: `can be repeated at most ${maxLabels} times` }]);
  const { ending_within_days: days, unused_for_days: unused } = filter;
  return ok({
    owner: filter.owner ?? null,
    visible: caller.owners === null ? null : { owners: caller.owners, clientId: caller.clientId },
    role: ([...roles, "any"] as const).find((role) => role === filter.role) ?? null,
    status: filter.status === "active" || filter.status === "disabled" ? filter.status : null,
    scope: filter.scope ?? null,
    labels: Object.fromEntries(labels.map((match) => [match?.[1] ?? "", match?.[2] ?? ""])),
    text: filter.q || null,
    endingBefore: days === undefined ? null : now + Number(days) * 86_400_000,
    unusedSince: unused === undefined ? null : now - Number(unused) * 86_400_000,
    sort: {
      key: clientSortKeys.find((key) => key === sort.replace("-", "")) ?? "client_id",
      descending: sort.startsWith("-"),
    },
    after,
    limit: Number(filter.limit ?? "100"),
  });
}
