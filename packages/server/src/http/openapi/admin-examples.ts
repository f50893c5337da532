import type { Static } from "typebox";
import type { BodySchemas } from "../admin/schemas.ts";

type RequestSchemas = Pick<
  BodySchemas,
  | "NewClient"
  | "ClientChange"
  | "ClientImport"
  | "NewSecret"
  | "Rotation"
  | "NewRevocation"
  | "ScopeDescription"
  | "NewOwner"
  | "OwnerChange"
  | "KeyRotation"
  | "KeyImport"
  | "PepperRotation"
>;

/**
 * A request body for each schema. Readers copy and send them, so none ends a secret that is in use, disables a client
 * or changes a `username`. A test sends each to a service.
 */
export const bodyExamples: { readonly [Name in keyof RequestSchemas]: Static<RequestSchemas[Name]> } = {
  NewClient: {
    client_id: "nightly-export",
    client_name: "Nightly export",
    scope: "file:read file:write",
    labels: { team: "exports" },
  },
  ClientChange: { client_name: "Nightly export to the archive", labels: { team: "archive" } },
  ClientImport: {
    clients: [
      {
        client_id: "existing-caller",
        scope: "file:read",
        secret: { value: "the secret that it has, 20 characters or more" },
      },
    ],
  },
  NewSecret: { label: "spring" },
  Rotation: { secret: { label: "summer" }, end_old_when_idle_for: 604_800 },
  NewRevocation: { client_id: "nightly-export", issued_before: "10m" },
  ScopeDescription: { description: "Read invoices" },
  NewOwner: {
    name: "payments",
    description: "Takes and refunds payments",
    contact: "payments@example.com",
    policy: { scope: "file:read file:write", max_secret_age: 7_776_000 },
  },
  OwnerChange: { policy: { max_clients: 50 } },
  KeyRotation: { algorithm: "ES256" },
  // Refused when it is sent: a key that stands here is known to everyone
  KeyImport: { private_key: "-----BEGIN PRIVATE KEY-----\n(your key)\n-----END PRIVATE KEY-----\n" },
  PepperRotation: { deadline_in: 7_776_000 },
};

export const parameterExamples: Readonly<Record<string, string>> = {
  client_id: "nightly-export",
  secret_id: "4h7k2m9p1r5t8w3x",
  name: "invoice:read",
  owner: "payments",
  kid: "vN8mUoHZ3xk5nBmVfPBm0b7YQm0Q0oG7p0mVJQp5l1A",
};
