/** Why a request of a client was refused: a stable name for searches. `audit/token-refusals.ts` explains each of them. */
export type RefusalReason =
  | MessageFlaw
  | CredentialsFlaw
  | CredentialsMistake
  | HolderFlaw
  | GrantFlaw
  | ServiceTrouble;

/** The message cannot be read, or is not a request of its endpoint. */
export type MessageFlaw =
  | "bad_http"
  | "bad_transfer_coding"
  | "body_too_large"
  | "path_sunset"
  | "bad_version"
  | "credentials_in_query"
  | "token_in_query"
  | "empty_body"
  | "bad_content_type"
  | "not_ascii"
  | "not_utf8"
  | "bad_json"
  | "json_as_form"
  | "bad_form"
  | "repeated_parameter"
  | "not_a_string"
  | "no_grant_type"
  | "other_grant_type"
  | "no_token"
  | "two_authorization_headers"
  | "two_auth_methods"
  | "two_client_ids";

/** The request has no credentials that could match a client. */
export type CredentialsFlaw =
  | "no_credentials"
  | "no_client_id"
  | "no_client_secret"
  | "bearer_instead_of_credentials"
  | "other_auth_scheme"
  | "basic_malformed";

/** The credentials match no client. All but the last name what is wrong with them. */
export type CredentialsMistake =
  | "credentials_encoded_twice"
  | "credentials_padded"
  | "id_and_secret_swapped"
  | "secret_mistyped"
  | "secret_incomplete"
  | "unknown_credentials";

/** The secret or the token is right, but its holder may not act now. */
export type HolderFlaw =
  | "secret_pending"
  | "secret_expired"
  | "secret_idle"
  | "secret_revoked"
  | "secret_unsupported"
  | "client_disabled"
  | "client_expired"
  | "client_replaced"
  | "address_not_allowed"
  | "token_invalid"
  | "token_revoked";

/** The client may act, but may not have what it asked for. */
export type GrantFlaw = "auth_method_not_allowed" | "scope_malformed" | "scope_not_granted" | "token_of_another_client";

/** The request may be right, but the service could not answer it. */
export type ServiceTrouble = "draining" | "store_unavailable" | "journal_unavailable" | "cut_off" | "fault";
