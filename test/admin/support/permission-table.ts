import { generateKeyPairSync } from "node:crypto";

/** The admin clients that call each operation. Those of a team are bound to the owner `payments`. */
export const callers = {
  platformAdmin: { role: "admin" },
  teamAdmin: { role: "admin", role_owners: ["payments"] },
  operator: { role: "operator" },
  teamOperator: { role: "operator", role_owners: ["payments"] },
  auditor: { role: "auditor" },
  teamAuditor: { role: "auditor", role_owners: ["payments"] },
} as const;
export type CallerName = keyof typeof callers;

/** What an operation is called with: a client of the caller's team, of another team, and so on. */
export const targets = ["own", "other", "none", "self", "higher"] as const;
export type TargetName = (typeof targets)[number];

/** What the path, the query and the body of a call can name. */
export interface Target {
  readonly name: TargetName;
  readonly clientId: string;
  readonly secretId: string;
  /** The owner of the client. */
  readonly owner: string;
  /** A request whose event names the client. */
  readonly requestId: string;
  /** A scope of the catalogue that no client has. */
  readonly scope: string;
  /** A signing key that is upcoming. */
  readonly keyId: string;
  /** Different for each call. */
  readonly unique: string;
}

/**
 * A letter for each target, in their order:
 * `+` carried out, `r` refused for the role,
 * `-` 404, with the bytes of the answer for no such object, `e` a list without it, with the same bytes,
 * `u` an unknown owner, with the same bytes for an owner of others, `t` taken, `i` in use, `p` a rotation in progress.
 */
export type Cells = Readonly<Record<CallerName, string>>;

export interface Row {
  readonly cells: Cells;
  readonly query?: (target: Target) => string;
  readonly body?: (target: Target) => object;
  /** The answer has this text if it shows the target. */
  readonly finds?: (target: Target) => string;
}

const all = (letter: string): string => letter.repeat(targets.length);

const read: Cells = {
  platformAdmin: "++-++",
  teamAdmin: "+--+-",
  operator: "++-++",
  teamOperator: "+--+-",
  auditor: "++-++",
  teamAuditor: "+--+-",
};

const noAuditors = { auditor: all("r"), teamAuditor: all("r") };
const noOperators = { operator: all("r"), teamOperator: all("r") };

const operate: Cells = {
  ...noAuditors,
  platformAdmin: "++-++",
  teamAdmin: "+--r-",
  operator: "++-rr",
  teamOperator: "+--r-",
};

const manage: Cells = { ...operate, ...noOperators };

/** An operation of platform admins, on an object that belongs to nobody. */
const platform = (cells: string): Cells => ({
  ...{ ...noAuditors, ...noOperators },
  platformAdmin: cells,
  teamAdmin: all("r"),
});

/** Everyone may rotate their own secret. */
const rotate: Cells = {
  platformAdmin: "++-++",
  teamAdmin: "+--+-",
  operator: "++-+r",
  teamOperator: "+--+-",
  auditor: "rrr+r",
  teamAuditor: "rrr+r",
};

/** Admin clients belong to the owner `default`, which is no owner of a team. A team does not see revocations of its own admins. */
const readOwner: Cells = { ...read, teamAdmin: "+----", teamOperator: "+----", teamAuditor: "+----" };

const audit: Cells = { ...read, ...noOperators };
const auditAll: Cells = {
  ...noOperators,
  platformAdmin: all("+"),
  teamAdmin: all("r"),
  auditor: all("+"),
  teamAuditor: all("r"),
};

const readAll: Cells = { ...auditAll, operator: all("+") };

/** A 404 would be an empty list. */
const listed = (cells: Cells): Cells =>
  Object.fromEntries(Object.entries(cells).map(([caller, letters]) => [caller, letters.replaceAll("-", "e")])) as Cells;

const everyone: Cells = {
  ...{ platformAdmin: all("+"), teamAdmin: all("+"), operator: all("+") },
  ...{ teamOperator: all("+"), auditor: all("+"), teamAuditor: all("+") },
};

/** A new client: of each owner, with a taken id, or an admin client. */
const newClient = ({ name, owner, clientId, unique }: Target): object => {
  if (name === "self") return { client_id: clientId, owner: "payments" };
  return name === "higher" ? { client_id: unique, role: "admin" } : { client_id: unique, owner };
};
const creation: Cells = { ...manage, platformAdmin: "++ut+", teamAdmin: "+uutr" };

const newPrivateKey = (): string =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const clientId = (target: Target): string => target.clientId;

/** What is expected of every operation of the admin API. An operation without a row fails the test. */
export const permissionTable: Readonly<Record<string, Row>> = {
  listClients: {
    cells: listed(read),
    query: (target) => `q=${target.clientId}`,
    finds: clientId,
  },
  createClient: { cells: creation, body: newClient },
  showClient: { cells: read, finds: clientId },
  changeClient: { cells: manage, body: () => ({ client_name: "renamed" }) },
  disableClient: { cells: operate },
  enableClient: { cells: operate },
  deleteClient: { cells: manage },
  importClients: {
    cells: creation,
    body: (target) => ({
      clients: [{ ...newClient(target), secret: { value: `imported-${target.unique}-0123456789` } }],
    }),
  },
  listSecrets: { cells: read, finds: ({ secretId }) => secretId },
  showSecret: { cells: read, finds: ({ secretId }) => secretId },
  addSecret: { cells: manage, body: () => ({}) },
  rotateSecrets: { cells: rotate, body: () => ({}) },
  revokeSecret: { cells: operate },
  revokeTokens: { cells: operate, body: (target) => ({ client_id: target.clientId, issued_before: "1h" }) },
  listRevocations: {
    cells: listed(readOwner),
    query: (target) => `client_id=${target.clientId}`,
    finds: clientId,
  },
  listScopes: { cells: everyone },
  putScope: { cells: platform(all("+")), body: () => ({ description: "A scope" }) },
  deleteScope: { cells: platform("++-++") },
  listOwners: { cells: listed(readOwner), finds: ({ owner }) => `"name":"${owner}"` },
  createOwner: {
    cells: platform("tt+tt"),
    body: ({ name, owner, unique }) => ({ name: name === "none" ? unique : owner }),
  },
  showOwner: { cells: readOwner, finds: ({ owner }) => `"name":"${owner}"` },
  changeOwner: { cells: platform("++-++"), body: () => ({ description: "changed" }) },
  deleteOwner: { cells: platform("ii-ii") },
  showPeppers: { cells: platform(all("+")) },
  rotatePepper: { cells: platform("pp+pp"), body: () => ({ deadline_in: 7_776_000 }) },
  listUnmovedSecrets: { cells: platform(all("+")) },
  searchEvents: { cells: listed(audit), query: (target) => `client_id=${target.clientId}`, finds: clientId },
  exportJournal: { cells: auditAll, query: () => "since=2100-01-01T00:00:00Z" },
  verifyJournal: { cells: auditAll },
  explainRequest: { cells: audit, query: (target) => `request_id=${target.requestId}` },
  showClientUsage: { cells: audit, finds: clientId },
  listUnknownCallers: { cells: auditAll },
  listKeys: { cells: readAll },
  rotateKey: { cells: platform(all("+")), body: () => ({}) },
  importKey: { cells: platform(all("+")), body: () => ({ private_key: newPrivateKey() }) },
  retireKey: { cells: platform("++-++") },
  revokeKey: { cells: platform("++-++") },
  whoami: { cells: everyone },
};
