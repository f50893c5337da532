import type { FieldProblem } from "../admin-problem.ts";
import type { Client, ClientStatus } from "../client/client.ts";
import { type ClientQuery, type ClientStore, everyClient } from "../client/client-store.ts";
import type { Owner } from "./owner.ts";
import { type PolicyContext, violates, violations } from "./policy.ts";

export interface ViolationPorts {
  readonly store: Pick<ClientStore, "search">;
  /** Lets other work go on between two pages. */
  endOfTurn(): Promise<void>;
}

/** The clients of an owner that violate its policy. */
export interface ViolationReport {
  readonly count: number;
  /** The first hundred, by client id. */
  readonly clients: readonly { readonly client: Client; readonly violations: readonly FieldProblem[] }[];
}

const maxReported = 100;

/** Compares all clients of an owner, including disabled ones, with its policy. Reads them page by page. */
export async function reportViolations(
  owner: Owner,
  context: PolicyContext,
  ports: ViolationPorts,
): Promise<ViolationReport> {
  let count = 0;
  const reported: ViolationReport["clients"][number][] = [];
  for await (const clients of clientPages({ owner: owner.name, status: null }, ports)) {
    for (const client of clients) {
      if (!violates(client, owner.policy, context)) continue;
      count++;
      if (reported.length < maxReported)
        reported.push({ client, violations: violations(client, owner.policy, context) });
    }
  }
  return { count, clients: reported };
}

/** The clients of an owner that are no admin clients, in pages. */
export async function* clientPages(
  { owner, status }: { readonly owner: string; readonly status: ClientStatus | null },
  { store, endOfTurn }: ViolationPorts,
): AsyncGenerator<readonly Client[]> {
  const visible = { owners: [owner], clientId: null };
  let after: ClientQuery["after"] = null;
  for (;;) {
    const page = await store.search({ ...everyClient, owner, visible, status, after });
    yield page.clients;
    if (page.next === null) return;
    after = page.next;
    await endOfTurn();
  }
}
