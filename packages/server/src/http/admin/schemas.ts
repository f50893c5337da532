import * as clients from "@carnet/protocol/admin/clients";
import * as scopes from "@carnet/protocol/admin/scopes";

/**
 * What the admin API takes and gives, under the names that its operations and its description use. Loads hundreds of
 * modules that no token needs: import only its types, and the rest where a schema is at work.
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
  Scope: scopes.Scope,
  ScopeList: scopes.ScopeList,
  ScopeDescription: scopes.ScopeDescription,
};

/** The parameters of URLs, each a property of its schema. */
export const querySchemas = { ClientFilter: clients.ClientFilter, ImportFilter: clients.ImportFilter };

export type BodySchemas = typeof bodySchemas;
export type QuerySchemas = typeof querySchemas;
