import { didYouMean } from "@carnet/protocol/did-you-mean";
import { Failure } from "../failure.ts";
import { printable } from "../table.ts";
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

/** Throws a Failure if there is no such owner for the caller, because an empty list would look like an answer. */
export async function checkOwner(api: AdminApi, owner: string): Promise<void> {
  const known = (await api.listOwners()).map(({ name }) => name);
  if (known.includes(owner)) return;
  throw new Failure(`There is no owner ${printable(owner)}, or it is none of yours.${didYouMean(owner, known)}`, {
    code: "not_found",
    hint: "List the owners with `carnet owner list`.",
  });
}

async function describe(api: AdminApi, owner: string | undefined): Promise<string> {
  const { owners } = await api.whoami();
  if (owner === undefined) return `is needed: your role is bound to ${(owners ?? []).join(" and ")}.`;
  const known = (await api.listOwners()).map(({ name }) => name);
  return `has ${owner}, which is no owner${owners === null ? "" : ", or none of yours"}.${didYouMean(owner, known)}`;
}
