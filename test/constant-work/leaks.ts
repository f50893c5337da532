import type { Client } from "@carnet/core/client/client";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientLookup, ClientStore } from "@carnet/core/client/client-store";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { TokenClient } from "@carnet/core/client/token-client";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { parseCidr } from "@carnet/protocol/cidr";
import type { ClientId } from "@carnet/protocol/ids";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import type { World } from "./world.ts";

/**
 * Faults that a service of this kind really has had, planted one at a time: what measures must find each of them.
 * A leak is named by what it does, and turns good ports into leaky ones.
 */
export const plantedLeaks: Readonly<Record<string, (world: World) => TokenEndpointPorts>> = {
  "hashes nothing for an unknown client": ({ ports, storeThatDraws }) => {
    const known = new Set<string>();
    const store = storeThatDraws((own) => (clientId) => (known.has(clientId) ? own(clientId) : "0"));
    const nothing = new Uint8Array(32);
    return {
      ...ports,
      directory: new WatchedDirectory(store, (lookup) => void (lookup.known && known.add(lookup.client.clientId))),
      hasher: {
        ...ports.hasher,
        digest: (clientId, secret) => (known.has(clientId) ? ports.hasher.digest(clientId, secret) : nothing),
      },
    };
  },
  "answers for a known client from memory": ({ ports, store }) => ({
    ...ports,
    directory: new (class extends ClientDirectory {
      override read(clientId: ClientId | undefined): Promise<ClientLookup> {
        const client = this.peek(clientId);
        if (client === undefined) return super.read(clientId);
        return Promise.resolve({ client: whole(client), known: true, anySlowSecret: false });
      }
    })(store, new PackedClients(1e8, 7)),
  }),
  "refuses a disabled client without reading the store": ({ ports, store }) => ({
    ...ports,
    directory: new (class extends ClientDirectory {
      override read(clientId: ClientId | undefined): Promise<ClientLookup> {
        const client = this.peek(clientId);
        if (client?.status !== "disabled") return super.read(clientId);
        return Promise.resolve({ client: whole(client), known: true, anySlowSecret: false });
      }
    })(store, new PackedClients(1e8, 7)),
  }),
  "reads the address blocks of a client anew each time": ({ ports, store }) => ({
    ...ports,
    directory: new WatchedDirectory(store, ({ client }) => {
      for (const block of client.ipAllowlist) parseCidr(block.text);
    }),
  }),
};

class WatchedDirectory extends ClientDirectory {
  readonly #watch: (lookup: ClientLookup) => void;

  constructor(store: ClientStore, watch: (lookup: ClientLookup) => void) {
    super(store, new PackedClients(1e8, 7));
    this.#watch = watch;
  }

  override async read(clientId: ClientId | undefined): Promise<ClientLookup> {
    const lookup = await super.read(clientId);
    this.#watch(lookup);
    return lookup;
  }
}

/** With the rest that a reading of the store has. */
const whole = (client: TokenClient): Client => ({
  ...decoyClient,
  ...client,
  secrets: client.secrets.map((secret) => ({ label: null, prefix: "", createdAt: 0, ...secret, lastUse: null })),
});
