import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { Client } from "./client.ts";
import { defaultSettings } from "./client-settings.ts";

/**
 * Is worked on in place of a client that is not there or has proven nothing, so that looking at nobody is as much work
 * as looking at somebody. Its id is one that no client can have, its digest one that no secret has, and its secret id
 * sorts after all others, so that a store with no client has a stand-in too.
 */
export const decoyClient: Client = {
  clientId: "" as ClientId,
  ...defaultSettings,
  workspace: null,
  createdAt: 0,
  updatedAt: 0,
  version: 1,
  secrets: [
    {
      secretId: "~" as SecretId,
      label: null,
      prefix: "",
      kind: "imported",
      digest: new Uint8Array(32),
      salt: new Uint8Array(0),
      createdAt: 0,
      notBefore: null,
      expiresAt: null,
      idle: null,
      revokedAt: null,
      lastUse: null,
    },
  ],
};
