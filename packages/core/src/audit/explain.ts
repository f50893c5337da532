import { type ProblemKind, problems } from "@carnet/protocol/admin/problem-kinds";
import type { ClientPath } from "@carnet/protocol/endpoints";
import { quoted } from "@carnet/protocol/shell-word";
import type { RefusalReason } from "../token/refusal-reason.ts";
import { actorName, clientIdOf, type EventRecord, roleText, secretIdOf } from "./event-record.ts";
import { ago, type ForeignTarget, type Story, sinceThen } from "./story.ts";
import { type RefusalText, tokenRefusals } from "./token-refusals.ts";

/** Why a request was refused, in plain words. */
export interface Explanation {
  /** What was asked by whom, and when. */
  readonly what: string;
  readonly why: string;
  /** What has changed since; null: nothing that is known. */
  readonly since: string | null;
  /** What to do, with commands in backticks. */
  readonly next: readonly string[];
}

/** Explains one event. Contains nothing that was sent and that nobody proved. */
export function explain(story: Story): Explanation {
  const { event } = story;
  switch (event.event) {
    case "token_refused":
      return explainTokenRefusal(story);
    case "admin_refused":
      return explainAdminRefusal(story);
    case "token_issued":
      return notRefused(story, {
        what: "it got a token",
        why: `the secret ${secretIdOf(event)} of the client ${clientIdOf(event)} got a token for ${event.scope || "no scope"}, valid until ${event.expires_at}`,
        next: [
          "if an API refuses the token, compare the audience and the scopes of the client with what the API needs: `carnet client show <client-id>`",
        ],
      });
    case "token_returned":
      return notRefused(story, {
        what: "it got its own token back",
        why: `an empty request with the valid token ${event.actor.type === "client" ? event.actor.jti : ""} of the client ${clientIdOf(event)} got the same token, valid until ${event.expires_at}`,
        next: [],
      });
    default:
      return notRefused(story, {
        what: event.outcome === "success" ? "it was carried out" : `its outcome was ${event.outcome}`,
        why: `${actorName(event.actor)} asked for it: ${event.event}`,
        next: ["see what changed with `carnet audit search --request-id <request-id>`"],
      });
  }
}

function explainTokenRefusal(story: Story): Explanation {
  const { event, now } = story;
  const clientId = clientIdOf(event);
  const text: RefusalText | undefined = tokenRefusals[event.reason as RefusalReason]; // another version may have recorded it
  const who = clientId === undefined ? "of an unknown client" : `of the client ${clientId}`;
  const again = story.refusals.filter(({ reason }) => reason === event.reason).length;
  const often =
    again > 1
      ? `; so ${again === 2 ? "was" : "were"} ${again - 1} more of this client within an hour, for the same reason`
      : "";
  return {
    what: `${requestNames[event.path as ClientPath] ?? "a request"} ${who} from ${event.address} was refused ${ago(Date.parse(event.time), now)}${often}`,
    why: text?.why?.(story) ?? event.detail ?? "",
    since: sinceThen(story, clientId),
    next: (stepsNow(story, clientId) ?? text?.steps?.(story) ?? text?.next ?? []).map((step) =>
      fill(step, event, text?.words?.(story)),
    ),
  };
}

const requestNames: Readonly<Record<ClientPath, string>> = {
  "/oauth2/token": "a token request",
  "/iam/v1/oauth2/token": "a token request",
  "/oauth2/introspect": "an introspection request",
  "/oauth2/revoke": "a revocation request",
};

/** What to do if the client is no longer as it was when it was refused. */
function stepsNow({ event, client }: Story, clientId: string | undefined): readonly string[] | undefined {
  if (clientId !== undefined && client === undefined)
    return ["register the client again, or put the credentials of another client into the caller's settings"];
  if (event.reason === "client_disabled" && client?.status === "active")
    return ["let the caller try again: the client is active now"];
  return undefined;
}

function explainAdminRefusal({ event, foreign, now }: Story): Explanation {
  const kind = event.reason as ProblemKind;
  const words: { readonly title: string; readonly next: string } | undefined = problems[kind]; // as above
  const target = event.target == null ? "" : ` on ${event.target}`;
  const steps = foreign === undefined ? [words?.next, adminSteps[kind]] : foreignSteps(foreign, event);
  return {
    what: `the admin call ${event.operation}${target} of ${actorName(event.actor)} from ${event.address} was refused ${ago(Date.parse(event.time), now)}`,
    why: `${event.detail ?? words?.title ?? ""}${ruleOf(event)}${foreign === undefined ? "" : `; ${standingOf(foreign)}`}`,
    since: null,
    next: steps.filter((step) => step !== undefined).map((step) => fill(step, event)),
  };
}

const standingOf = ({ clientId, owner }: ForeignTarget): string =>
  owner === undefined
    ? `${clientId} is an admin client, and exists only for callers over all owners`
    : `${clientId} belongs to the owner ${owner.name}, and does not exist for callers over other owners`;

/** Who can help a caller that wanted a client of another owner. */
function foreignSteps({ clientId, owner }: ForeignTarget, { role }: EventRecord): readonly string[] {
  if (owner === undefined) return ["only platform admins change admin clients: let one of them do it"];
  const [only] = role?.owners?.length === 1 ? role.owners : [];
  const to = only === undefined ? "<owner>" : quoted(only);
  return [
    `if the client should belong to the caller's team, a platform admin transfers it: \`carnet client transfer ${quoted(clientId)} --to ${to}\``,
    owner.contact === null
      ? `else ask the team that owns it; \`carnet owner show ${quoted(owner.name)}\` names no contact`
      : `else ask the contact of ${owner.name}: ${owner.contact}`,
  ];
}

/** For operators: the caller was not told the rule. */
function ruleOf({ rule, role }: EventRecord): string {
  if (rule == null) return "";
  const caller = role == null ? "" : `, and the caller is ${roleText(role)}`;
  return `; the rule ${rule} refused it${caller}`;
}

/** What the command line can do about it, besides what any caller can. */
const adminSteps: Readonly<Partial<Record<ProblemKind, string>>> = {
  unauthorized:
    "if the secret of carnet-admin is lost: on the service's machine, `carnet admin reset` gives it a new one, and revokes the old one at once",
  insufficient_scope: "see the scopes of the caller with `carnet client show <client-id>`",
};

const notRefused = (
  { event, now }: Story,
  { what, why, next }: { what: string; why: string; next: readonly string[] },
): Explanation => ({
  what: `this request was not refused: ${what}, ${ago(Date.parse(event.time), now)}`,
  why,
  since: null,
  next: next.map((step) => fill(step, event)),
});

/** Puts names into a command, if they are known. In one pass, because a name can contain a placeholder. */
function fill(step: string, event: EventRecord, more: Readonly<Record<string, string | undefined>> = {}): string {
  const words: typeof more = {
    "<client-id>": optionalWord(clientIdOf(event)),
    "<secret-id>": optionalWord(secretIdOf(event)),
    "<request-id>": optionalWord(event.request_id),
    ...more,
  };
  return step.replace(/'?<[a-z -]+>'?/g, (placeholder) => words[placeholder] ?? placeholder);
}

const optionalWord = (text: string | null | undefined): string | undefined => (text ? quoted(text) : undefined);
