import { generateKeyPairSync } from "node:crypto";
import type { AdminApi } from "../../support/admin-api.ts";
import type { ChangeCase, Prepared } from "./events.ts";

const newPrivateKey = (): string =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/** Leaves no key upcoming: there can be only one of an algorithm. */
const retireUpcoming = async (api: AdminApi): Promise<Prepared> => {
  const keys: readonly { readonly kid: string; readonly state: string }[] = Object(
    (await api.expect(200, "GET", "/keys")).json["keys"],
  );
  for (const { kid, state } of keys) if (state === "upcoming") await api.expect(200, "POST", `/keys/${kid}/retire`);
  return {};
};

/** A new key, which is not the one of the admin token. */
const addKey =
  (body: object) =>
  async (api: AdminApi): Promise<Prepared> => {
    await retireUpcoming(api);
    return { kid: Object((await api.expect(200, "POST", "/keys/rotate", { body })).json["key"]).kid };
  };

/** At least one for each operation on signing keys, and on the pepper. */
export const keyChangeCases: readonly ChangeCase[] = [
  {
    operationId: "rotateKey",
    title: "to a key that is published first",
    prepare: retireUpcoming,
    call: () => ({ path: "/keys/rotate", body: {}, clients: [] }),
  },
  {
    operationId: "rotateKey",
    title: "to the upcoming key, now",
    prepare: addKey({}),
    call: () => ({ path: "/keys/rotate", body: { now: true }, clients: [] }),
  },
  {
    operationId: "importKey",
    title: "a key",
    prepare: retireUpcoming,
    call: () => ({ path: "/keys/import", body: { private_key: newPrivateKey() }, clients: [] }),
  },
  {
    operationId: "retireKey",
    title: "an upcoming key",
    prepare: addKey({}),
    call: (_name, { kid }) => ({ path: `/keys/${kid}/retire`, clients: [] }),
  },
  {
    operationId: "revokeKey",
    title: "the active key, which another one replaces",
    prepare: addKey({ now: true }),
    call: (_name, { kid }) => ({ path: `/keys/${kid}/revoke`, clients: [] }),
  },
  {
    operationId: "rotatePepper",
    title: "to a new one",
    call: () => ({ path: "/peppers", body: { deadline_in: 7200 }, clients: [] }),
  },
];
