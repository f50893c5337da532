import type { CredentialsFlaw, MessageFlaw, ServiceTrouble } from "../token/refusal-reason.ts";

/** The words for one reason to refuse a token request. */
export interface RefusalWords {
  /** The reason in general, for the guide. */
  readonly meaning: string;
  /** What to do, with `<client-id>` where a command needs it. */
  readonly next: readonly string[];
}

const readDetail = ["correct the request as described, in the code or the settings of the caller"];

/** The reasons that do not depend on any client. The recorded detail says why. */
export const messageRefusals: Readonly<Record<MessageFlaw | CredentialsFlaw | ServiceTrouble, RefusalWords>> = {
  bad_http: {
    meaning: "the HTTP message is malformed",
    next: [
      "check the HTTP library of the caller and the proxies in between: a header, or the length of the body, is wrong",
    ],
  },
  bad_transfer_coding: {
    meaning: "the Transfer-Encoding is not chunked over HTTP/1.1",
    next: ["send the body with a Content-Length, or in chunks over HTTP/1.1"],
  },
  body_too_large: {
    meaning: "the body is larger than 64 KiB",
    next: ["send only the parameters of the request"],
  },
  path_sunset: {
    meaning: "the deprecated path was used after its sunset",
    next: ["change the URL in the caller's settings to `/oauth2/token`"],
  },
  bad_version: {
    meaning: "the X-Version is malformed, or is older than the first version",
    next: ["send `X-Version: 2026-01-01`, or leave the header out"],
  },
  credentials_in_query: {
    meaning: "the credentials were in the URL, which proxies and servers log",
    next: [
      "send them in the body, or as Basic",
      "replace the secret, because it may be in a log: `carnet secret rotate <client-id> --end-old-when-idle 1h`",
    ],
  },
  token_in_query: {
    meaning: "the token was in the URL, which proxies and servers log",
    next: ["send it in the body", "revoke it, because it may be in a log: `carnet token revoke -`"],
  },
  empty_body: {
    meaning: "the body is empty",
    next: ["send `grant_type=client_credentials` with the client id and the client secret as a form"],
  },
  bad_content_type: {
    meaning: "the Content-Type is missing, or is neither a form nor JSON in UTF-8",
    next: ["send `Content-Type: application/x-www-form-urlencoded`"],
  },
  not_ascii: { meaning: "the form says that it is ISO-8859-1 or US-ASCII, but is not ASCII", next: readDetail },
  not_utf8: { meaning: "the body is not UTF-8", next: readDetail },
  bad_json: { meaning: "the body is not a JSON object", next: readDetail },
  json_as_form: {
    meaning: "the body is JSON, but the Content-Type says that it is a form",
    next: ["send `Content-Type: application/json`, or send a form"],
  },
  bad_form: { meaning: "a parameter of the form has a broken percent-encoding", next: readDetail },
  repeated_parameter: { meaning: "a parameter was sent more than once", next: ["send each parameter once"] },
  not_a_string: { meaning: "a member of the JSON object is not a string", next: ["send every parameter as a string"] },
  no_grant_type: { meaning: "the grant_type is missing", next: ["send `grant_type=client_credentials`"] },
  other_grant_type: {
    meaning: "the grant_type is not client_credentials",
    next: ["send `grant_type=client_credentials`"],
  },
  no_token: {
    meaning: "the request to introspect or revoke a token has no token",
    next: ["send the access token as the parameter `token` of a form"],
  },
  two_authorization_headers: {
    meaning: "there is more than one Authorization header",
    next: ["find out whether a proxy adds one, and send one"],
  },
  two_auth_methods: {
    meaning: "the credentials are in the Authorization header and in the body",
    next: ["send them in one of the two places"],
  },
  two_client_ids: {
    meaning: "the Authorization header and the body name different clients",
    next: ["leave the client_id out of the body"],
  },
  no_credentials: {
    meaning: "no credentials were sent",
    next: [
      "find out whether the settings of the caller were loaded, or whether a proxy removed the Authorization header",
    ],
  },
  no_client_id: {
    meaning: "a client_secret was sent without a client_id",
    next: ["send both: the setting with the client id is probably empty"],
  },
  no_client_secret: {
    meaning: "a client_id was sent without a client_secret",
    next: ["send both: the setting with the client secret is probably empty"],
  },
  bearer_instead_of_credentials: {
    meaning: "a Bearer token was sent where the client credentials belong",
    next: [
      "send the client id and the client secret as `Authorization: Basic`, or in the body: a token cannot get another token",
    ],
  },
  other_auth_scheme: {
    meaning: "the Authorization header is neither Basic nor Bearer",
    next: ["send the client id and the client secret as `Authorization: Basic`, or in the body"],
  },
  basic_malformed: {
    meaning: "the Basic credentials are not the base64 of `<client-id>:<secret>`",
    next: ["encode the client id, a colon and the client secret together as base64, without a line end"],
  },
  draining: {
    meaning: "this instance of the service was stopping",
    next: ["send the request again: callers should retry after the seconds in Retry-After"],
  },
  store_unavailable: {
    meaning: "the service could not reach its store",
    next: ["look in the service's log for this request id, and check `GET /health/ready`"],
  },
  journal_unavailable: {
    meaning: "the service could not record the request",
    next: ["free the disk of the journal, or what reads the service's output, and check `GET /health/ready`"],
  },
  cut_off: {
    meaning: "all tokens that are issued up to an instant were revoked, and that instant had not passed yet",
    next: [
      "send the request again: callers should retry after the seconds in Retry-After, which are at most two",
      "see who revoked them: `carnet audit search --kind tokens_revoked`",
    ],
  },
  fault: {
    meaning: "the service failed",
    next: ["look in the service's log for this request id, and report the fault"],
  },
};
