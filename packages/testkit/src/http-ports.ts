import type { ClientPorts, HttpPorts } from "@carnet/server/http/http-ports";
import { createLog } from "@carnet/server/log/logger";
import { type AdministeredEndpoint, adminPortsOf } from "./admin-ports.ts";
import { noKeys } from "./no-keys.ts";
import { testCounts } from "./test-counts.ts";

/** The ports of the HTTP side around an endpoint. Unless a test gives others: no log, no keys, no feed, nothing fails. */
export const httpPortsOf = (
  endpoint: AdministeredEndpoint & { readonly ports: ClientPorts },
  changes: Partial<HttpPorts> = {},
): HttpPorts => ({
  token: endpoint.ports,
  admin: adminPortsOf(endpoint),
  log: createLog("silent", { write: () => {} }),
  keys: noKeys,
  jwksMaxAge: 300_000,
  revocationFeed: { access: "public", current: async () => undefined },
  counts: testCounts(),
  trustedProxies: [],
  checkStore: async () => {},
  storeGrace: () => ({ since: 0, ends: 0, isOver: false }),
  storeName: "store",
  isDraining: () => false,
  isJournalUnavailable: () => false,
  ...changes,
});
