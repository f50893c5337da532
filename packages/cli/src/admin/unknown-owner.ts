import { didYouMean } from "@carnet/protocol/did-you-mean";
import type { AdminApi } from "./admin-api.ts";
import { AdminRefusal } from "./admin-refusal.ts";

/**
 * Runs `act`, which sends this owner. If there is no such owner for the caller, throws the refusal with a detail that
 * names it, or that asks a caller with several owners for one.
 */
export async function namingOwner<Value>(
  api: AdminApi,
  owner: string | undefined,
  act: () => Promise<Value>,
): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof AdminRefusal && isUnknownOwner(error))) throw error;
    const { problem, method, path } = error;
    const detail = await describe(api, owner);
    throw new AdminRefusal({ ...problem, errors: [{ pointer: "/owner", detail }] }, method, path);
  }
}

const isUnknownOwner = ({ problem }: AdminRefusal): boolean =>
  (problem.errors ?? []).some(({ pointer, detail }) => pointer === "/owner" && detail.startsWith("does not exist"));

async function describe(api: AdminApi, owner: string | undefined): Promise<string> {
  const { owners } = await api.whoami();
  if (owner === undefined) return `is needed: your role is bound to ${(owners ?? []).join(" and ")}.`;
  const known = (await api.listOwners()).map(({ name }) => name);
  return `has ${owner}, which is no owner${owners === null ? "" : ", or none of yours"}.${didYouMean(owner, known)}`;
}
