import { quoted } from "@carnet/protocol/shell-word";
import type { RefusalReason } from "../token/refusal-reason.ts";
import { clientIdOf, type RecordedObject, secretIdOf } from "./event-record.ts";
import { messageRefusals, type RefusalWords } from "./message-refusals.ts";
import { ago, gave, type Story, whenAndByWhom } from "./story.ts";

/** The words for one reason, in general and in one case. */
export interface RefusalText extends RefusalWords {
  /** The reason in one case. Absent: the recorded detail. */
  readonly why?: (story: Story) => string;
  /** What to do in one case. Absent: `next`. */
  readonly steps?: (story: Story) => readonly string[];
  /** What stands for further placeholders of the steps, quoted for the shell. undefined: not known. */
  readonly words?: (story: Story) => Readonly<Record<string, string | undefined>>;
}

const rotate =
  "give the client a new secret with `carnet secret rotate <client-id>`, and put it into the caller's settings";
const compare =
  "compare the secret in the caller's settings with the one that was handed out: it may be of another client or of another service";

const askLess = "ask for registered scopes, or leave scope out to get all of them";

/** Every reason to refuse a token request. */
export const tokenRefusals: Readonly<Record<RefusalReason, RefusalText>> = {
  ...messageRefusals,
  credentials_encoded_twice: {
    meaning: "the credentials are right, but were percent-encoded once too often",
    next: [
      "remove one of the two encodings in the caller: its HTTP library probably encodes what the caller had encoded",
    ],
    why: ({ event }) =>
      event.facts?.["used_method"] === "client_secret_basic"
        ? "the Basic credentials were percent-encoded twice"
        : "the credentials in the body were percent-encoded once too often",
  },
  credentials_padded: {
    meaning: "the credentials are right, but have white space or quotes around them",
    next: ["remove them in the caller's settings: a line end from a file, or quotes that an env file keeps"],
  },
  id_and_secret_swapped: {
    meaning: "the client id and the client secret are right, but each is in the place of the other",
    next: [
      "swap the two settings of the caller",
      "replace the secret if client ids are logged anywhere: `carnet secret rotate <client-id>`",
    ],
  },
  secret_mistyped: {
    meaning: "the secret looks like one of this service, but its checksum is wrong: it was mistyped",
    next: ["copy the secret again", rotate],
    why: (story) => `the secret was mistyped: its checksum is wrong${aboutClient(story)}`,
  },
  secret_incomplete: {
    meaning: "the secret starts like one of this service, but is cut off or has something added",
    next: ["copy the whole secret again: it has 74 characters", rotate],
    why: (story) => `the secret is cut off, or something was added to it${aboutClient(story)}`,
  },
  unknown_credentials: {
    meaning: "no client has this id with this secret",
    next: [compare, rotate],
    why: whyUnknown,
    steps: (story) =>
      story.client === undefined
        ? [
            "compare the client id in the caller's settings with `carnet client list`",
            "a client may have been deleted: see `carnet audit search --kind client_deleted`",
            compare,
          ]
        : [compare, rotate],
  },
  secret_pending: {
    meaning: "the secret is right, but is not valid yet",
    next: ["use the client's older secret until then: `carnet secret list <client-id>` shows when each is valid"],
    why: (story) => `${theSecret(story)} is not valid before ${story.event.facts?.["not_before"]}`,
  },
  secret_expired: {
    meaning: "the secret is right, but has expired",
    next: [rotate],
    why: (story) => `${theSecret(story)} expired ${agoOf(story, "expired_at")}${setBy(story, "expires_at")}`,
  },
  secret_idle: {
    meaning: "the secret is right, but ended because it was not used for long enough after a rotation",
    next: ["put the newer secret into the caller's settings", rotate],
    why: (story) =>
      `${theSecret(story)} ended ${agoOf(story, "ended_at")}, because it was not used for long enough${setBy(story, "ends_when_idle_for")}`,
  },
  secret_revoked: {
    meaning: "the secret is right, but was revoked",
    next: ["ask who revoked it whether it leaked", rotate],
    why: (story) =>
      `${theSecret(story)} was revoked${whenAndByWhom(story, gave("revoked_at", undefined, secretIdOf(story.event)), story.event.facts?.["revoked_at"])}`,
  },
  secret_unsupported: {
    meaning: "the secret was stored under a slow hash by an earlier version, which is not checked any more",
    next: [rotate],
  },
  client_disabled: {
    meaning: "the secret or the token is right, but the client is disabled",
    next: ["if it may act again: `carnet client enable <client-id>`"],
    why: (story) =>
      `${isRight(story)}, but the client was disabled${whenAndByWhom(
        story,
        gave("status", (after) => after === "disabled"),
      )}`,
  },
  client_expired: {
    meaning: "the secret or the token is right, but the client has expired",
    next: ["if it may act again: `carnet client change <client-id> --expires-at <time>`"],
    why: (story) =>
      `${isRight(story)}, but the client expired ${agoOf(story, "expired_at")}${setBy(story, "expires_at", "client")}`,
  },
  token_revoked: {
    meaning: "the token is right, but was revoked",
    next: ["let the caller get a new token", "see who revoked it: `carnet audit search --kind tokens_revoked`"],
    why: (story) => {
      const one = whenAndByWhom(story, ({ type, id }) => type === "token" && id === jtiOf(story));
      return `the Bearer token is right, but it was revoked${one || whenAndByWhom(story, revokesMany)}`;
    },
  },
  client_replaced: {
    meaning: "the token is right, but all tokens of its client were revoked, or the client was deleted",
    next: ["let the caller get a new token, with the credentials of the new client if it was deleted"],
    why: (story) => {
      const deleted = whenAndByWhom(story, ({ type, action }) => type === "client" && action === "deleted");
      if (deleted !== "") return `the Bearer token is right, but its client was deleted${deleted}`;
      const revoked = whenAndByWhom(story, gave("tokens"));
      if (revoked === "")
        return "the Bearer token is right, but its client was deleted, or all of its tokens were revoked";
      return `the Bearer token is right, but all tokens of its client were revoked${revoked}`;
    },
  },
  address_not_allowed: {
    meaning: "the secret or the token is right, but the address is not in the client's allow list",
    next: [
      "if the caller belongs there, add its address: `carnet client change <client-id> --allow-ip <all blocks>`",
      "if all callers have the same address, it is the address of a proxy: see `--trusted-proxies` of `carnet serve`",
    ],
    why: (story) =>
      `address ${story.event.address} is not in the allow list (${story.event.facts?.["allow_list"]})${changedBy(story, "ip_allowlist")}`,
    words: ({ event, client }) => ({
      "<all blocks>": client && quoted([...client.ipAllowlist.map(({ text }) => text), event.address].join(",")),
    }),
  },
  token_invalid: {
    meaning: "the body is empty, and the Bearer token is not a valid token of this service: it may have expired",
    next: ["send `grant_type=client_credentials` with the client id and the client secret to get a new token"],
  },
  auth_method_not_allowed: {
    meaning: "the client may not use this authentication method",
    next: [
      "change how the caller sends its credentials",
      "or allow any method: `carnet client change <client-id> --auth-method ''`",
    ],
    why: ({ event: { facts } }) =>
      `the client authenticated by ${facts?.["used_method"]}, but may only use ${facts?.["required_method"]}`,
  },
  token_of_another_client: {
    meaning: "the client tried to revoke a token that was issued to another client",
    next: ["revoke it with the client that it was issued to, or as an admin: `carnet token revoke -`"],
  },
  scope_malformed: {
    meaning: "the scope is malformed",
    next: ["separate scopes by spaces, and send no quotes"],
  },
  scope_not_granted: {
    meaning: "the client is not registered for the scopes that it asked for",
    next: [askLess, "or register the client for them: `carnet client change <client-id> --scope '<all scopes>'`"],
    why: whyScope,
    words: ({ client, event: { facts } }) => {
      const asked = facts?.["asked"] ?? "";
      const isWhole = asked !== "" && !/ and \d+ more$/.test(asked);
      const all = new Set([...(client?.scopes ?? []), ...asked.split(" ")]);
      return { "'<all scopes>'": client && isWhole ? quoted([...all].join(" ")) : undefined };
    },
  },
};

const isToken = ({ event: { actor } }: Story): boolean => actor.type === "client" && actor.jti !== null;

const theSecret = (story: Story): string =>
  isToken(story) ? "the Bearer token is right, but its secret" : "the secret matches one that";

const isRight = (story: Story): string => `the ${isToken(story) ? "Bearer token" : "secret"} is right`;

function agoOf({ event, now }: Story, fact: string): string {
  const at = event.facts?.[fact];
  return at === undefined ? "" : ago(Date.parse(at), now);
}

/** Who set the end of the secret, or of the client. */
function setBy(story: Story, field: string, of: "client" | "secret" = "secret"): string {
  const secretId = of === "secret" ? secretIdOf(story.event) : undefined;
  const set = whenAndByWhom(story, gave(field, undefined, secretId));
  return set === "" ? "" : `; this end was set${set}`;
}

function changedBy(story: Story, field: string): string {
  const changed = whenAndByWhom(story, gave(field));
  return changed === "" ? "" : `; it was set${changed}`;
}

function aboutClient(story: Story): string {
  const { client, liveSecrets } = story;
  if (client === undefined) return "";
  return `; the client ${client.clientId} exists and has ${liveSecrets} live ${liveSecrets === 1 ? "secret" : "secrets"}`;
}

function whyUnknown(story: Story): string {
  const { client, event, liveSecrets } = story;
  const isWhole = event.facts?.["secret_form"] === "generated";
  const whole = isWhole ? "; the secret was not mistyped, so it is of another client or service, or was deleted" : "";
  if (client !== undefined) {
    const none =
      liveSecrets === 0
        ? "it has no live secret"
        : liveSecrets === 1
          ? "its 1 live secret does not match"
          : `none of its ${liveSecrets} live secrets matches`;
    return `the client ${client.clientId} exists; ${none}${whole}`;
  }
  const id = clientIdOf(event);
  if (id !== undefined) return `no secret of the client ${id} matched${whole}`;
  return `no client with that id was found, or the store does not have this refusal; the id is not recorded, because nobody proved it and people paste secrets there${whole}`;
}

function whyScope({ event: { facts = {} } }: Story): string {
  const unknown = Number(facts["asked_unknown"] ?? 0);
  const asked = [
    facts["asked"] ?? "",
    unknown === 0 ? "" : `${unknown} unknown ${unknown === 1 ? "scope" : "scopes"}`,
  ].filter((part) => part !== "");
  const strict = facts["scope_policy"] === "strict" ? "; the scope policy is strict, so each must be registered" : "";
  return `asked for ${asked.join(" and ")}; registered: ${facts["registered"] || "none"}${strict}`;
}

/** Whether a change revoked the tokens of a secret, or those that were issued before an instant. */
const revokesMany = ({ type, changes }: RecordedObject): boolean =>
  (type === "secret" && changes["tokens"] !== undefined) || changes["tokens_issued_before"] !== undefined;

const jtiOf = ({ event: { actor } }: Story): string | null => (actor.type === "client" ? actor.jti : null);
