import type * as wire from "@carnet/protocol/admin/owners";
import { formatScope } from "@carnet/protocol/scope";
import { difference, isoTime } from "../audit/client-changes.ts";
import type { ChangedObject } from "../audit/event.ts";
import type { Owner, OwnerPolicy } from "./owner.ts";

/** The fields of owners by their names in the admin API, for its answers and for the events. */

export const policyFields = (policy: OwnerPolicy): wire.OwnerPolicy => ({
  scope: policy.scopes && formatScope(policy.scopes),
  ip_allowlist: policy.addressBlocks.map(({ text }) => text),
  max_token_ttl: policy.maxTokenTtl,
  max_secret_age: policy.maxSecretAge,
  secrets_must_expire: policy.secretsMustExpire,
  max_clients: policy.maxClients,
  audiences: [...policy.audiences],
  workspaces: [...policy.workspaces],
  usernames: [...policy.usernames],
  enforce_from: isoTime(policy.enforceFrom),
});

/** What differs between two versions of an owner, such as `policy.max_clients`; null: it did not exist, or no longer does. */
export function ownerChanges(before: Owner | null, after: Owner | null): readonly ChangedObject[] {
  const name = (after ?? before)?.name ?? "";
  const object = { type: "owner", id: name, clientId: null, owner: name } as const;
  return difference(object, before && eventFields(before), after && eventFields(after));
}

const eventFields = ({ description, contact, policy }: Owner) => ({
  description,
  contact,
  ...Object.fromEntries(Object.entries(policyFields(policy)).map(([name, value]) => [`policy.${name}`, value])),
});
