import { type NothingRevoked, type RevocationOutcome, revoke } from "@carnet/core/admin/revoke-tokens";
import type { AdminProblem } from "@carnet/core/admin-problem";
import { isoTime } from "@carnet/core/audit/client-changes";
import type { Revocation } from "@carnet/core/revocation/revocation";
import { adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type * as wire from "@carnet/protocol/admin/revocations";
import { type ClientId, parseClientId } from "@carnet/protocol/ids";
import { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import type { AdminPorts, ReadPorts } from "./admin-ports.ts";
import { badCursor, pageAnswer } from "./cursor.ts";
import { type Answer, type Operation, operation } from "./operation.ts";

/** The operations on revocations of tokens. */
export const revocationOperations: readonly Operation[] = [
  operation({
    operationId: "revokeTokens",
    tag: "Tokens",
    method: "POST",
    path: "/revocations",
    event: "tokens_revoked",
    scope: adminScopes.writeClients,
    needs: "operate",
    summary: "Revoke a token, or all tokens of a client, of a secret or from before a time",
    description:
      "Clients and secrets keep working and can get new tokens. Revoking the tokens of all clients needs the role `admin` over all owners. If a client has a hundred revoked tokens already, one more revokes all of its tokens so far.",
    body: "NewRevocation",
    success: { status: 201, schema: "RevocationResult" },
    refusals: ["not_found", "policy"],
    async run({ body: { token, ...target } }, ports) {
      const outcome = await revoke({ ...target, ...(token !== undefined && { token: new Redacted(token) }) }, ports);
      if (!outcome.ok) return outcome;
      if (target.client_id !== undefined) ports.directory.forget(target.client_id);
      return ok({ body: outcomeView(outcome.value) });
    },
  }),
  operation({
    operationId: "listRevocations",
    tag: "Tokens",
    method: "GET",
    path: "/revocations",
    scope: adminScopes.readClients,
    needs: "read",
    summary: "List the revocations that have not ended",
    description:
      'In the order in which they were made. A caller over named owners sees those of its own clients. To get the next page, follow `Link: rel="next"` or pass `next` as `cursor`.',
    query: "RevocationFilter",
    success: { status: 200, schema: "RevocationList" },
    refusals: [],
    run: ({ query }, ports) => listRevocations(query, ports),
  }),
];

/** How long after a revocation a token may still be accepted, in milliseconds. */
export const acceptedFor = { byNodes: 1000, byGuards: 2000 } as const;

function outcomeView(outcome: RevocationOutcome): wire.RevocationResult {
  if (!outcome.revoked) return nothingRevoked(outcome.reason);
  const { revocation, secretId } = outcome;
  return {
    revoked: true,
    reason: null,
    secret_id: secretId,
    ...revocationView(revocation),
    nodes_refuse_from: isoTime(revocation.revokedAt + acceptedFor.byNodes),
    guards_refuse_from: isoTime(revocation.revokedAt + acceptedFor.byGuards),
  };
}

const nothingRevoked = (reason: NothingRevoked): wire.RevocationResult => ({
  ...{ revoked: false, reason, kind: null, client_id: null, secret_id: null, issued_before: null },
  ...{ revoked_at: null, ends_at: null, nodes_refuse_from: null, guards_refuse_from: null },
});

/** Without the subject, because handles and hashes are for verifiers only. */
const revocationView = ({
  kind,
  clientId,
  issuedUntil,
  revokedAt,
  endsAt,
}: Omit<Revocation, "subject">): wire.Revocation => ({
  kind,
  client_id: clientId,
  issued_before: issuedUntil === null ? null : isoTime((issuedUntil + 1) * 1000), // an `iat` has whole seconds
  revoked_at: isoTime(revokedAt),
  ends_at: isoTime(endsAt),
});

async function listRevocations(filter: wire.RevocationFilter, ports: ReadPorts): Promise<Result<Answer, AdminProblem>> {
  const after = filter.cursor === undefined ? 0 : await parseCursor(filter.cursor, ports);
  if (after === undefined) return badCursor;
  const clientId = filter.client_id === undefined ? ok(null) : parseClientId(filter.client_id);
  const limit = Number(filter.limit ?? "100");
  const found = clientId.ok ? await findPage({ clientId: clientId.value, after, limit: limit + 1 }, ports) : [];
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next = found.length > limit && last !== undefined ? formatCursor(last.number, ports) : null;
  const body: wire.RevocationList = { revocations: page.map(revocationView), next };
  return ok(pageAnswer("/revocations", filter, body));
}

const findPage = (
  page: { readonly clientId: ClientId | null; readonly after: number; readonly limit: number },
  { revocations, clock, authority: { caller } }: ReadPorts,
) => revocations.list({ ...page, now: clock.now(), owners: caller.owners });

const cursorContext = "revocations cursor";

/** Encrypted, because the number tells a team how much others revoke. */
const formatCursor = (number: number, { answerSealer }: AdminPorts): string =>
  Buffer.from(answerSealer.seal(Buffer.from(`${number}`), cursorContext)).toString("base64url");

async function parseCursor(text: string, { answerSealer }: AdminPorts): Promise<number | undefined> {
  const opened = await answerSealer.open(Buffer.from(text, "base64url"), cursorContext);
  return opened === undefined ? undefined : Number(Buffer.from(opened).toString());
}
