import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestService } from "@carnet/testkit/service";

/** Adds an owner to the store of a service, with a stored policy. */
export function addOwner({ folder }: Pick<TestService, "folder">, name: string, policy: object = {}): void {
  using store = new DatabaseSync(join(folder, "carnet.db"));
  store
    .prepare("insert into owners (name, policy, created_at, updated_at, version) values (?, ?, 0, 0, 1)")
    .run(name, JSON.stringify(policy));
}
