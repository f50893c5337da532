import {
  importKey,
  type KeyAdminPorts,
  type KeyOutcome,
  type ListedKey,
  listKeys,
  othersRefuseFrom,
  retireSigningKey,
  revokeSigningKey,
  rotateKey,
} from "@carnet/core/admin/keys";
import { isoTime } from "@carnet/core/audit/client-changes";
import { adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type * as wire from "@carnet/protocol/admin/keys";
import { Redacted } from "@carnet/protocol/redacted";
import { ok } from "@carnet/protocol/result";
import { isSigningAlgorithm, type SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { type Operation, operation } from "./operation.ts";
import { acceptedFor } from "./revocation-operations.ts";

const { readClients, writeClients } = adminScopes;

/** The operations on the keys that sign tokens. No answer has a private key. */
export const keyOperations: readonly Operation[] = [
  operation({
    operationId: "listKeys",
    tag: "Keys",
    method: "GET",
    path: "/keys",
    scope: readClients,
    needs: "readAll",
    summary: "List the signing keys with their states",
    success: { status: 200, schema: "SigningKeyList" },
    refusals: [],
    async run(_call, ports) {
      const keys = (await listKeys(ports)).map((key) => keyView(key, ports));
      return ok({ body: { keys } satisfies wire.SigningKeyList });
    },
  }),
  operation({
    operationId: "rotateKey",
    tag: "Keys",
    method: "POST",
    path: "/keys/rotate",
    event: "key_rotated",
    scope: writeClients,
    needs: "platform",
    summary: "Make a signing key that replaces the active one",
    description:
      "It is published at once, and signs once verifiers know it: after twice CARNET_JWKS_MAX_AGE and CARNET_STORE_GRACE. The old key stays published until its tokens have expired.",
    body: "KeyRotation",
    success: { status: 200, schema: "SigningKeyChange" },
    refusals: ["key_state"],
    async run({ body }, ports) {
      const algorithm = algorithmOf(body) ?? ports.keys.algorithms.byDefault;
      const rotated = await rotateKey({ algorithm, now: body.now === true }, ports);
      return rotated.ok ? ok({ body: changeView(rotated.value, ports) }) : rotated;
    },
  }),
  operation({
    operationId: "importKey",
    tag: "Keys",
    method: "POST",
    path: "/keys/import",
    event: "key_imported",
    scope: writeClients,
    needs: "platform",
    summary: "Import a signing key that was made elsewhere",
    description: "It is published at once, and signs once verifiers know it, as after a rotation.",
    body: "KeyImport",
    success: { status: 201, schema: "SigningKeyChange" },
    refusals: ["key_state"],
    async run({ body }, ports) {
      const algorithm = algorithmOf(body);
      const privateKey = new Redacted(body.private_key);
      const imported = await importKey({ privateKey, ...(algorithm !== undefined && { algorithm }) }, ports);
      return imported.ok ? ok({ body: changeView(imported.value, ports) }) : imported;
    },
  }),
  operation({
    operationId: "retireKey",
    tag: "Keys",
    method: "POST",
    path: "/keys/:kid/retire",
    event: "key_retired",
    scope: writeClients,
    needs: "platform",
    summary: "Take a signing key out of use",
    description:
      "Its tokens stay valid, and it stays published until they have expired. The active key of an algorithm in use needs a successor that verifiers know.",
    success: { status: 200, schema: "SigningKeyChange" },
    refusals: ["not_found", "key_state"],
    async run({ parameter }, ports) {
      const retired = await retireSigningKey(parameter("kid"), ports);
      return retired.ok ? ok({ body: changeView(retired.value, ports) }) : retired;
    },
  }),
  operation({
    operationId: "revokeKey",
    tag: "Keys",
    method: "POST",
    path: "/keys/:kid/revoke",
    event: "key_revoked",
    scope: writeClients,
    needs: "platform",
    summary: "Void a signing key that has leaked, and every token that it signed",
    description: "Another key signs at once. Callers are refused until they request a new token.",
    success: { status: 200, schema: "SigningKeyRevocation" },
    refusals: ["not_found", "key_state"],
    async run({ parameter }, ports) {
      const revoked = await revokeSigningKey(parameter("kid"), ports);
      return revoked.ok ? ok({ body: revocationView(revoked.value, ports) }) : revoked;
    },
  }),
];

/** The schema allows known names only. */
const algorithmOf = ({ algorithm }: { readonly algorithm?: string }): SigningAlgorithmName | undefined =>
  algorithm !== undefined && isSigningAlgorithm(algorithm) ? algorithm : undefined;

type ViewPorts = Pick<KeyAdminPorts, "clock" | "keys">;

function keyView({ key, state, endsAt, replacedFrom }: ListedKey, { clock }: ViewPorts): wire.SigningKey {
  const publishedUntil = state === "retiring" ? endsAt : key.revokedAt;
  return {
    ...{ kid: key.keyId, algorithm: key.algorithm, state },
    ...{ created_at: isoTime(key.createdAt), active_from: isoTime(key.activeFrom) },
    replaced_from: isoTime(replacedFrom),
    ...{ retired_at: isoTime(key.retiredAt), revoked_at: isoTime(key.revokedAt) },
    published_until: isoTime(publishedUntil),
    age: Math.max(0, Math.floor((clock.now() - key.createdAt) / 1000)),
    public_jwk: { ...key.publicJwk },
  };
}

const changeView = ({ key, successor, warnings }: KeyOutcome, ports: ViewPorts): wire.SigningKeyChange => ({
  key: keyView(key, ports),
  successor: successor && keyView(successor, ports),
  warnings: [...warnings],
});

function revocationView(outcome: KeyOutcome, ports: ViewPorts): wire.SigningKeyRevocation {
  const now = outcome.key.key.revokedAt ?? ports.clock.now();
  return {
    ...changeView(outcome, ports),
    nodes_refuse_from: isoTime(now + acceptedFor.byNodes),
    guards_refuse_from: isoTime(now + acceptedFor.byGuards),
    others_refuse_from: isoTime(othersRefuseFrom({ now, times: ports.keys.times })),
  };
}
