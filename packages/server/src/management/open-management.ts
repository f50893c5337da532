import type { Configuration } from "../configuration/load-configuration.ts";
import { listenForManagement, type ManagementPorts } from "./management-server.ts";

/** Serves the metrics and probes of a node, if a port is set for them. Throws an OperatorFault if it cannot be used. */
export async function openManagement(
  { managementHost: host, managementPort: port }: Configuration,
  ports: ManagementPorts,
): Promise<AsyncDisposable> {
  if (port === undefined) return { async [Symbol.asyncDispose]() {} };
  const server = await listenForManagement({ host, port }, ports);
  ports.log.info("management_listening", { url: server.url });
  return { [Symbol.asyncDispose]: () => server.close() };
}
