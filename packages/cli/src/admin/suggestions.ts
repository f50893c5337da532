import { defaultOwner } from "@carnet/core/owner/owner";
import { didYouMean } from "@carnet/protocol/did-you-mean";
import { quoted } from "@carnet/protocol/shell-word";
import type { AdminApi } from "./admin-api.ts";
import type { AdminRefusal } from "./admin-refusal.ts";

/** How many clients to compare for each part of an id. A registry can have a million. */
const maxCandidates = "100";

/**
 * What the user probably meant by an unknown name, and the command that lists what exists. Asks the admin API with the
 * caller's own token, so it suggests only what the caller may see. Undefined if the refusal has another reason.
 */
export async function suggestName({ problem, path, method }: AdminRefusal, api: AdminApi): Promise<string | undefined> {
  try {
    if (problem.type === "urn:carnet:problem:not_found") return await suggestFor(path, api);
    if (problem.type === "urn:carnet:problem:in_use") return method === "PUT" ? claimUsers : findUsers(path);
    if (problem.type === "urn:carnet:problem:taken" && path === "/owners")
      return "Choose another name, or see the existing owner with `carnet owner show`.";
    if (problem.errors?.some(({ pointer, detail }) => ownerPointer.test(pointer) && noOwner.test(detail)))
      return await suggestOwners(api);
    const unknown = (problem.errors ?? []).flatMap(({ detail }) => unknownScopes.exec(detail)?.[1]?.split(" ") ?? []);
    return unknown.length === 0 ? undefined : await suggestScope(unknown, api);
  } catch {
    return undefined; // The caller may not list, or the service went away: the refusal itself says enough.
  }
}

const claimUsers = "Find the claims of clients in the output of `carnet client list --json`.";

/** The command that finds the clients of a scope or an owner that cannot be deleted. */
function findUsers(path: string): string | undefined {
  const [, kind, name = ""] = /^\/(\w+)\/(.*)$/.exec(path)?.map(decodeURIComponent) ?? [];
  if (kind === "owners")
    return name === defaultOwner
      ? undefined // it cannot be deleted at all
      : `Find its clients with \`carnet client list --owner ${quoted(name)}\`, and the admins with \`carnet admin list\`.`;
  return `Find its clients with \`carnet client list --scope ${quoted(name)}\`.`;
}

const ownerPointer = /^\/(role_)?owners?$/;
const noOwner = /not exist|no owner/;

async function suggestOwners(api: AdminApi): Promise<string> {
  const { role, owners } = await api.whoami();
  const list = "List the owners with `carnet owner list`.";
  return role === "admin" && owners === null
    ? `${list} Create one with \`carnet owner create NAME\`.`
    : `${list} A platform admin creates an owner with \`carnet owner create NAME\`.`;
}

const unknownScopes = /not in the catalogue: ([^;]*);/;

async function suggestFor(path: string, api: AdminApi): Promise<string | undefined> {
  if (path.startsWith("/explain?"))
    return "List recent refusals with `carnet audit search --kind token_refused --since 1h`.";
  const [, kind, name = "", secretId] =
    /^\/(clients|scopes|owners|keys)\/([^/?]+)(?:\/secrets\/([^/?]+))?/.exec(path)?.map(decodeURIComponent) ?? [];
  if (kind === "scopes") return suggestScope([name], api);
  if (kind === "owners") return suggestOwner(name, api);
  if (kind === "keys") return "List the keys with `carnet key list`.";
  if (kind !== "clients") return undefined;
  if (secretId !== undefined && (await api.findClient(name)) !== undefined) {
    const ids = (await api.listSecrets(name)).map(({ secret_id }) => secret_id);
    return `${didYouMean(secretId, ids)} List the secrets with \`carnet secret list ${quoted(name)}\`.`.trim();
  }
  return `${await suggestClient(name, api)} List the clients with \`carnet client list\`.`.trim();
}

async function suggestScope(names: readonly string[], api: AdminApi): Promise<string> {
  const known = (await api.listScopes()).map((scope) => scope.name);
  const meant = names.map((name) => didYouMean(name, known)).join("");
  if (names.some((name) => name.includes(",")))
    return "Separate scopes by spaces, not commas. List the scopes with `carnet scope list`.";
  return `${meant} List the scopes with \`carnet scope list\`.`.trim();
}

async function suggestOwner(name: string, api: AdminApi): Promise<string> {
  const known = (await api.listOwners()).map((owner) => owner.name);
  return `${didYouMean(name, known)} List the owners with \`carnet owner list\`.`.trim();
}

/** A typing mistake leaves at least one third of an id as it was. One search at a time, because each reads all clients. */
async function suggestClient(clientId: string, api: AdminApi): Promise<string> {
  const size = Math.ceil(clientId.length / 3);
  const parts = [0, size, 2 * size].map((start) => clientId.slice(start, start + size));
  for (const q of parts.filter((part) => part !== "")) {
    const { clients } = await api.listClients({ q, limit: maxCandidates });
    const meant = didYouMean(
      clientId,
      clients.map(({ client_id }) => client_id),
    );
    if (meant !== "") return meant;
  }
  return "";
}
