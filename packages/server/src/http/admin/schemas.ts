import * as audit from "@carnet/protocol/admin/audit";
import { RecordedEvent } from "@carnet/protocol/admin/audit-events";
import * as clients from "@carnet/protocol/admin/clients";
import * as explanation from "@carnet/protocol/admin/explanation";
import * as keys from "@carnet/protocol/admin/keys";
import * as owners from "@carnet/protocol/admin/owners";
import * as peppers from "@carnet/protocol/admin/peppers";
import * as revocations from "@carnet/protocol/admin/revocations";
import * as scopes from "@carnet/protocol/admin/scopes";
import * as usage from "@carnet/protocol/admin/usage";
import { Whoami } from "@carnet/protocol/admin/whoami";

/**
 * The schemas of the admin API by name. Loading them loads hundreds of modules that the token path does without, so
 * import only the types, and the rest lazily.
 */
export const bodySchemas = {
  Client: clients.Client,
  CreatedClient: clients.CreatedClient,
  NewClient: clients.NewClient,
  ClientChange: clients.ClientChange,
  ClientList: clients.ClientList,
  ClientImport: clients.ClientImport,
  ClientImportOutcome: clients.ClientImportOutcome,
  Secret: clients.Secret,
  SecretList: clients.SecretList,
  NewSecret: clients.NewSecret,
  AddedSecret: clients.AddedSecret,
  Rotation: clients.Rotation,
  NewRevocation: revocations.NewRevocation,
  RevocationResult: revocations.RevocationResult,
  RevocationList: revocations.RevocationList,
  Scope: scopes.Scope,
  ScopeList: scopes.ScopeList,
  ScopeDescription: scopes.ScopeDescription,
  Owner: owners.Owner,
  OwnerList: owners.OwnerList,
  OwnerReport: owners.OwnerReport,
  NewOwner: owners.NewOwner,
  SigningKey: keys.SigningKey,
  SigningKeyList: keys.SigningKeyList,
  SigningKeyChange: keys.SigningKeyChange,
  SigningKeyRevocation: keys.SigningKeyRevocation,
  KeyRotation: keys.KeyRotation,
  KeyImport: keys.KeyImport,
  OwnerChange: owners.OwnerChange,
  PepperRotation: peppers.PepperRotation,
  PepperStatus: peppers.PepperStatus,
  UnmovedSecrets: peppers.UnmovedSecrets,
  Explanation: explanation.Explanation,
  ClientUsage: usage.ClientUsage,
  UnknownCallers: usage.UnknownCallers,
  Whoami,
  RecordedEvent,
  EventList: audit.EventList,
  ExportedLine: audit.ExportedLine,
  Verification: audit.Verification,
};

/** URL parameters, each a property of its schema. */
export const querySchemas = {
  ClientFilter: clients.ClientFilter,
  ImportFilter: clients.ImportFilter,
  RevokedSecretFilter: clients.RevokedSecretFilter,
  RevocationFilter: revocations.RevocationFilter,
  OwnerChangeFilter: owners.OwnerChangeFilter,
  UnmovedFilter: peppers.UnmovedFilter,
  ExplainedRequest: explanation.ExplainedRequest,
  UsageFilter: usage.UsageFilter,
  UnknownCallersFilter: usage.UnknownCallersFilter,
  EventFilter: audit.EventFilter,
  ExportRange: audit.ExportRange,
};

export type BodySchemas = typeof bodySchemas;
export type QuerySchemas = typeof querySchemas;
