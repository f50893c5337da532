import { randomInt, randomUUID } from "node:crypto";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { TokenClient } from "@carnet/core/client/token-client";
import type { TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { Redacted } from "@carnet/protocol/redacted";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import { type Credentials, earlier, type Kind, later, mistype, newSecret, type World } from "./world.ts";

/** One way to be refused: makes such a request anew each time, and says with which ports it is answered. */
export interface Case {
  readonly ports: TokenEndpointPorts;
  request(): TokenRequestMessage;
}

/** How credentials travel. Cases are only compared under one: who calls knows which one it used. */
export type Transport = (credentials: Credentials) => TokenRequestMessage;

/** Who is asked for in a case: as many clients in each, so that none is better remembered than another's. */
const clientsOfACase = 40;

/** A refusal that takes one fast hash more than it should: what differences are held against. */
export const yardstick = "one hash more";

/**
 * Every refusal that must look like every other, by its name. The first is what the others are compared with, the
 * second the same thing again, as a control, and the last is the yardstick. Each has clients of its own, and the clock
 * is past what expires.
 */
export async function refusalCases(world: World, transport: Transport): Promise<Record<string, Case>> {
  const { ports, store } = world;
  const { some, right, wrong, made } = makersOf(world, transport);
  world.clock.set(earlier);
  const others = await some("plain");
  const cases = {
    "wrong secret": await wrong("plain"),
    "wrong secret again": await wrong("plain"),
    "unknown client": await right("unknown"),
    "unknown client, never seen before": made(others, () => ({ clientId: randomUUID(), secret: newSecret() })),
    "disabled client": await right("disabled"),
    "disabled client, wrong secret": await wrong("disabled"),
    "expired client": await right("expired"),
    "expired secret": await right("with an expired secret"),
    "revoked secret": await right("with a revoked secret"),
    "secret that is not valid yet": await right("with a pending secret"),
    "secret that was idle": await right("with an idle secret"),
    "wrong address": await right("elsewhere"),
    "wrong address, wrong secret": await wrong("elsewhere"),
    "mistyped secret": made(await some("plain"), ({ clientId, secret }) => ({ clientId, secret: mistype(secret) })),
    "another client's secret": made(await some("plain"), ({ clientId }) => ({ ...oneOf(others), clientId })),
    "client that is not in memory": { ...(await wrong("plain")), ports: forgetful(ports, store) },
    [yardstick]: { ...(await wrong("plain")), ports: hashingTwice(ports) },
  };
  world.clock.set(later);
  return cases;
}

/**
 * The same where each client has ten secrets: to read them takes longer, and who is not there must take as long as
 * that. A registry of its own, since it is what stands in for the unknown.
 */
export async function refusalsOfTen(world: World): Promise<Record<string, Case>> {
  const { right, wrong } = makersOf(world, inTheBody);
  world.clock.set(earlier);
  const cases = {
    "wrong secret": await wrong("with ten secrets"),
    "wrong secret again": await wrong("with ten secrets"),
    "unknown client": await right("unknown"),
    [yardstick]: { ...(await wrong("with ten secrets")), ports: hashingTwice(world.ports) },
  };
  world.clock.set(later);
  return cases;
}

function makersOf(world: World, transport: Transport) {
  const some = (kind: Kind) => world.populate(kind, clientsOfACase);
  const made = (clients: readonly Credentials[], present: (client: Credentials) => Credentials): Case => ({
    ports: world.ports,
    request: () => transport(present(oneOf(clients))),
  });
  const right = async (kind: Kind) => made(await some(kind), (client) => client);
  const wrong = async (kind: Kind) => made(await some(kind), ({ clientId }) => ({ clientId, secret: newSecret() }));
  return { some, made, right, wrong };
}

class Forgetful extends PackedClients {
  override keep(client: TokenClient): void {
    this.keepNobody(client.clientId, client);
  }
}

/** The same ports with a memory that holds nobody who is asked for twice. */
const forgetful = (ports: TokenEndpointPorts, store: ClientStore): TokenEndpointPorts => ({
  ...ports,
  directory: new ClientDirectory(store, new Forgetful(0, 7)),
});

const hashingTwice = (ports: TokenEndpointPorts): TokenEndpointPorts => ({
  ...ports,
  hasher: {
    ...ports.hasher,
    digest(clientId, secret) {
      ports.hasher.digest(clientId, secret);
      return ports.hasher.digest(clientId, secret);
    },
  },
});

function oneOf(clients: readonly Credentials[]): Credentials {
  const one = clients[randomInt(clients.length)];
  if (one === undefined) throw new Error("nobody to choose from");
  return one;
}

const blank: TokenRequestMessage = {
  requestId: "one-and-the-same",
  path: "/oauth2/token",
  query: new Redacted(""),
  contentType: "application/x-www-form-urlencoded",
  authorization: [],
  version: undefined,
  body: undefined,
  address: "127.0.0.1",
};

// By way of bytes, as they come from a socket: else a text that is put together here is taken apart in there
const received = (text: string) => new Redacted(Buffer.from(text).toString("utf8"));

export const inTheBody: Transport = ({ clientId, secret }) => ({
  ...blank,
  body: received(`grant_type=client_credentials&client_id=${clientId}&client_secret=${secret}`),
});

export const byBasic: Transport = ({ clientId, secret }) => ({
  ...blank,
  authorization: [received(`Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`)],
  body: received("grant_type=client_credentials"),
});
