import { readFileSync } from "node:fs";
import { problemsUnder } from "@carnet/core/admin-problem";
import { NewClient } from "@carnet/protocol/admin/clients";
import { schemaProblems } from "@carnet/protocol/admin/schema-problems";
import { didYouMean } from "@carnet/protocol/did-you-mean";
import { parseDuration } from "@carnet/protocol/duration";
import { maxClientClaims, parseStaticClaims } from "@carnet/protocol/static-claims";
import { codeOf } from "@carnet/server/fault";
import { type Static, Type } from "typebox";
import { Check } from "typebox/value";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { describeErrors } from "../admin/refusals.ts";
import { Failure } from "../failure.ts";

// The file describes clients without their secrets, which are added and rotated separately. It cannot reach beyond its
// owner, so it names the owner once, and gives no client a role.
const {
  client_id: _,
  secret: __,
  labels: ___,
  owner: ____,
  role: _____,
  role_owners: ______,
  ...settings
} = NewClient.properties;

const DesiredClient = Type.Object(
  {
    client_id: Type.String(),
    ...settings,
    labels: Type.Optional(Type.Record(Type.String(), Type.String())), // No null: an omitted label is removed anyway.
  },
  { additionalProperties: false },
);
export type DesiredClient = Static<typeof DesiredClient>;

const DesiredClients = Type.Object(
  {
    owner: Type.String({ pattern: "^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$" }),
    clients: Type.Array(DesiredClient),
  },
  { additionalProperties: false },
);
export type DesiredClients = Static<typeof DesiredClients>;

/** How many problems of a file are reported at once. */
const maxProblems = 10;

/** Reads the file. Throws a Failure with the line and column of each problem, without quoting the file. */
export function readDesiredClients(path: string): DesiredClients {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new Failure(
      `The file ${path} is not valid YAML at ${positionAt(lines, broken.pos[0])} (${broken.code}). ${shape}`,
    );
  }
  const read = withSeconds(toValue(document, path));
  const place = (pointer: string): string => positionAt(lines, offsetOf(document, pointer));
  if (!Check(DesiredClients, read)) {
    const problems = [...schemaProblems(DesiredClients, read)]
      .sort((a, b) => offsetOf(document, a.pointer) - offsetOf(document, b.pointer))
      .map((problem) => `${place(problem.pointer)}: ${describeErrors([problem]).join("")}${more(problem.pointer)}`);
    throw new Failure(
      [`The file ${path} is invalid, so nothing was changed:`, ...problems.slice(0, maxProblems)].join("\n  "),
    );
  }
  refuseClaims(read, path, place);
  refuseDuplicates(read, path, place);
  return { owner: read.owner, clients: read.clients.map(withoutNulls) };
}

const shape = "It must have `owner` and a list of `clients`, as `carnet export --owner default` writes them.";

/** What the schema cannot say about a member: another accepted form, or the name that an unknown one resembles. */
function more(pointer: string): string {
  if (pointer === "") return `. ${shape}`;
  const [, client, name] = /^(\/clients\/\d+)?\/([^/]+)$/.exec(pointer) ?? [];
  if (name === undefined) return "";
  if (name === "access_token_ttl") return ", or a duration such as 30m";
  const known = Object.keys((client === undefined ? DesiredClients : DesiredClient).properties);
  const meant = known.includes(name) ? "" : didYouMean(name, known);
  return meant === "" ? "" : `.${meant}`;
}

/** Converts lifetimes such as `30m` to the seconds of the schema. Anything else is left for the schema to refuse. */
function withSeconds(read: unknown): unknown {
  const clients: unknown = typeof read === "object" && read !== null ? Reflect.get(read, "clients") : undefined;
  for (const client of Array.isArray(clients) ? clients : []) {
    const ttl: unknown = client?.access_token_ttl;
    const seconds = typeof ttl === "string" ? parseDuration(ttl) : undefined;
    if (seconds !== undefined) client.access_token_ttl = seconds;
  }
  return read;
}

/** A member without a value counts as omitted. */
const withoutNulls = ({ client_id, ...rest }: DesiredClient): DesiredClient => ({
  client_id,
  ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)),
});

function readText(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw new Failure(
      `The file ${path} cannot be read${codeOf(error)}. Give the path of a YAML file, or - for standard input.`,
    );
  }
}

function toValue(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch {
    throw new Failure(`The file ${path} has aliases that are undefined or expand too far. Write their content out.`);
  }
}

/** Before any change, because the service would refuse only the client, after others were changed. */
function refuseClaims({ clients }: DesiredClients, path: string, place: (pointer: string) => string): void {
  const problems = clients.flatMap(({ claims }, at) => {
    const parsed = parseStaticClaims(claims ?? {}, maxClientClaims);
    if (parsed.ok) return [];
    return problemsUnder(`/clients/${at}/claims`, parsed.error);
  });
  if (problems.length === 0) return;
  const lines = problems.map((problem) => `${place(problem.pointer)}: ${describeErrors([problem]).join("")}`);
  throw new Failure(
    [`The file ${path} is invalid, so nothing was changed:`, ...lines.slice(0, maxProblems)].join("\n  "),
  );
}

function refuseDuplicates({ clients }: DesiredClients, path: string, place: (pointer: string) => string): void {
  const seen = new Set<string>();
  for (const [at, { client_id }] of clients.entries()) {
    if (seen.has(client_id))
      throw new Failure(
        `The file ${path} names the client ${client_id} again at ${place(`/clients/${at}`)}. Nothing was changed.`,
      );
    seen.add(client_id);
  }
}

/** The offset of the value at a JSON pointer, or of the nearest enclosing value that exists. */
function offsetOf(document: Document, pointer: string): number {
  const path = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  for (; path.length > 0; path.pop()) {
    const node = document.getIn(
      path.map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      true,
    );
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function positionAt(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `line ${Math.max(1, line)}, column ${Math.max(1, col)}`;
}
