import { readFileSync } from "node:fs";
import { NewClient } from "@carnet/protocol/admin/clients";
import { type Static, Type } from "typebox";
import { Check, Errors } from "typebox/value";
import { parse as parseYaml } from "yaml";
import { Failure } from "../failure.ts";

/** A file of clients as they should be. Secrets are no part of it: they are given and rotated by themselves. */
const { secret: _, client_id: __, ...settings } = NewClient.properties;

export const DesiredClient = Type.Object({ client_id: Type.String(), ...settings }, { additionalProperties: false });
export type DesiredClient = Static<typeof DesiredClient>;

const DesiredClients = Type.Object(
  {
    owner: Type.String({ pattern: "^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$" }),
    clients: Type.Array(DesiredClient),
  },
  { additionalProperties: false },
);
export type DesiredClients = Static<typeof DesiredClients>;

/** Reads the file. Throws a Failure that says where it is not as it should be. */
export function readDesiredClients(path: string): DesiredClients {
  let read: unknown;
  try {
    read = parseYaml(readFileSync(path === "-" ? 0 : path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error && "syscall" in error ? "cannot be read" : "is not valid YAML";
    throw new Failure(
      `The file ${path} ${reason}: it holds \`owner\` and a list of \`clients\`, as \`carnet export\` writes them.`,
    );
  }
  if (!Check(DesiredClients, read)) {
    const places = [
      ...new Set(Errors(DesiredClients, read).map(({ instancePath }) => instancePath || "the top")),
    ].slice(0, 5);
    throw new Failure(
      `The file ${path} is not as it should be at ${places.join(", ")}: it holds \`owner\` and a list of \`clients\`, each with a client_id and settings.`,
    );
  }
  const ids = read.clients.map(({ client_id }) => client_id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new Failure(`The file ${path} names the client ${twice} twice.`);
  return read;
}
