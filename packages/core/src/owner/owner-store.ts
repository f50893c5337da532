import type { StoredWithChange } from "../audit/recorder.ts";
import type { Owner } from "./owner.ts";

/** Stores owners. Each change is atomic with its event, and durable once its promise is fulfilled. */
export interface OwnerStore {
  find(name: string): Promise<Owner | undefined>;
  /** By name. */
  list(): Promise<readonly Owner[]>;
  /** Those whose policy is enforced, now or later, by name. Reads no other, because it runs every few seconds. */
  listEnforced(): Promise<readonly Owner[]>;
  /** `taken`: there is an owner of this name, which may differ in case. */
  insert(owner: Owner, change: StoredWithChange): Promise<"inserted" | "taken">;
  /** Replaces an owner by its next version, unless it was changed or deleted meanwhile. */
  replace(next: Owner, change: StoredWithChange): Promise<"replaced" | "changed">;
  /** Deletes an owner that has no clients and that no admin is bound to, unless it was changed since it was read. */
  delete(owner: Owner, change: StoredWithChange): Promise<"deleted" | "changed" | "in_use">;
  /** How many clients each of these owners has. */
  countClients(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
