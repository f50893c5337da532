import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { FewClients } from "@carnet/testkit/few-clients";

/** How often a request went out by each port. */
export interface PortCalls {
  reading: number;
  fastHash: number;
  slowHash: number;
  comparison: number;
  record: number;
}

/** The same ports, with a count of what goes out by them. The memory of clients is new. */
export function counted(
  ports: TokenEndpointPorts,
  store: ClientStore,
): { ports: TokenEndpointPorts; calls: PortCalls } {
  const calls: PortCalls = { reading: 0, fastHash: 0, slowHash: 0, comparison: 0, record: 0 };
  const { hasher, recorder } = ports;
  const read = (clientId: Parameters<ClientStore["find"]>[0]) => {
    calls.reading++;
    return store.find(clientId);
  };
  return {
    calls,
    ports: {
      ...ports,
      directory: new ClientDirectory({ find: read }, new FewClients(1000)),
      hasher: {
        digest(clientId, secret) {
          calls.fastHash++;
          return hasher.digest(clientId, secret);
        },
        slowDigest(secret, salt) {
          calls.slowHash++;
          return hasher.slowDigest(secret, salt);
        },
        equal(left, right) {
          calls.comparison++;
          return hasher.equal(left, right);
        },
      },
      recorder: {
        record(record) {
          calls.record++;
          return recorder.record(record);
        },
      },
    },
  };
}
