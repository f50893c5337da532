/** The operations that change something. Each leaves one event, however many objects it touches. */
export const changeKinds = [
  "client_created",
  "client_changed",
  "client_disabled",
  "client_enabled",
  "client_deleted",
  "clients_imported",
  "secret_added",
  "secrets_rotated",
  "secret_revoked",
  "tokens_revoked",
  "scope_put",
  "scope_deleted",
  "owner_created",
  "owner_changed",
  "owner_deleted",
  "admin_created",
  "admin_reset",
  "key_created",
] as const;

/** Every kind of event. */
export const eventKinds = [
  "token_issued",
  "token_returned",
  "token_refused",
  ...changeKinds,
  "admin_refused",
  "service_started",
  "service_stopped",
  "credentials_file_written",
  "credential_expiring",
  "refusals_burst",
  "events_lost",
] as const;
