import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client, CreatedClient } from "@carnet/protocol/admin/clients";
import type { Finished } from "@carnet/testkit/carnet-process";
import type { TestServiceOptions } from "@carnet/testkit/service";
import { type AdminService, startAdminService } from "./admin-service.ts";

export interface Plan {
  readonly steps: readonly { readonly kind: string; readonly client_id?: string; readonly client?: Client }[];
  readonly unchanged: number;
  readonly created?: readonly CreatedClient[];
}

export async function apply(at: AdminService, text: string, ...args: string[]): Promise<Finished> {
  const file = join(at.service.folder, "clients.yaml");
  await writeFile(file, text);
  return at.carnet(["apply", "-f", file, ...args]);
}

/** A service that has the owner of the files. */
export async function start(options?: TestServiceOptions): Promise<AdminService> {
  const at = await startAdminService(options);
  await at.json(["owner", "create", "platform", "--workspace", "*"]);
  return at;
}

/** The plan for a file, each step as its kind and client. */
export async function planOf(at: AdminService, text: string): Promise<readonly string[]> {
  const { stdout } = await apply(at, text, "--dry-run", "--json");
  return (JSON.parse(stdout) as Plan).steps.map(({ kind, client_id }) => `${kind} ${client_id}`);
}

export const show = async (at: AdminService, id: string): Promise<Client> =>
  (await at.json(["client", "show", id])) as Client;

export const two = `
owner: platform
clients:
  - client_id: one
    client_name: One
    scope: file:read
    workspace: W1
    expires_at: 2999-01-31T12:00:00+02:00
    ip_allowlist: [127.0.0.0/8, "2001:DB8::1"]
    labels: { team: search }
  - client_id: two
    access_token_ttl: 60
`;
