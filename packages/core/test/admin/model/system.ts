import assert from "node:assert/strict";
import { entityTagOf } from "@carnet/core/admin/change-client";
import type { AuditEvent } from "@carnet/core/audit/event";
import type { EventStore } from "@carnet/core/audit/event-store";
import type { Client } from "@carnet/core/client/client";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import { isLive, secretStateAt } from "@carnet/core/client/client-secret";
import type { ClientStore } from "@carnet/core/client/client-store";
import { SecretUses } from "@carnet/core/client/secret-uses";
import type { IdempotencyStore } from "@carnet/core/idempotency-record";
import { answerTokenRequest, type TokenEndpointPorts } from "@carnet/core/token/token-endpoint";
import { Redacted } from "@carnet/protocol/redacted";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { allClients } from "@carnet/testkit/all-clients";
import { MapClientMemory } from "@carnet/testkit/map-client-memory";
import { idsOfEvents } from "@carnet/testkit/sample-events";
import { TestEndpoint, tokenRequestMessage } from "@carnet/testkit/test-endpoint";
import { EventReplica } from "./event-replica.ts";
import { liveOf, type Model, stateOf, verdictOn } from "./model.ts";

/** The real operations on a store, with the in-memory state of one process. */
export class System {
  readonly #endpoint = new TestEndpoint();
  readonly #store: ClientStore & IdempotencyStore;
  #directory: ClientDirectory;
  #uses: SecretUses;
  readonly #events: EventStore;
  readonly #recorded: AuditEvent[] = [];
  readonly #replica = new EventReplica();

  constructor(store: ClientStore & IdempotencyStore, events: EventStore) {
    this.#store = store;
    this.#events = events;
    this.#directory = new ClientDirectory(store, new MapClientMemory());
    this.#uses = new SecretUses(store);
  }

  get clock() {
    return this.#endpoint.clock;
  }

  get admin() {
    const { scopes, ports } = this.#endpoint;
    const own = { ...ports, directory: this.#directory, uses: this.#uses, recorder: this.#recorder };
    return adminPortsOf({ ports: own, store: this.#store, scopes });
  }

  get #recorder() {
    return {
      record: (event: AuditEvent) => {
        this.#recorded.push(event);
        assert.ok("objects" in event);
        this.#replica.apply(event);
      },
    };
  }

  /** Requests a token as a caller does. Returns `token`, or the reason for the refusal. */
  async use(clientId: string, value: string): Promise<string> {
    const record = await this.#requestToken(clientId, value);
    if (record.event === "token_refused") return record.reason;
    assert.ok(record.actor.type === "client" && record.actor.secretId !== null);
    this.#uses.note(record.actor.secretId, { at: record.at, from: record.address ?? "" });
    return "token";
  }

  /** Drops a client from memory, as a change by any process does. */
  forget(clientId: string): void {
    this.#directory.forget(clientId);
  }

  flush(): Promise<void> {
    return this.#uses.flush();
  }

  /** Shuts down gracefully and starts again with an empty memory. */
  async restart(): Promise<void> {
    await this.#uses.flush();
    this.#directory = new ClientDirectory(this.#store, new MapClientMemory());
    this.#uses = new SecretUses(this.#store);
  }

  /** Asserts that the store and each secret's outcome agree with the model, without recording a use. */
  async assertMatches(model: Model): Promise<void> {
    const clients = await allClients(this.#store);
    const now = this.clock.now();
    assert.equal(now, model.now);
    assert.deepEqual(
      clients.map(({ clientId }) => clientId),
      [...model.clients.keys()].sort(),
    );
    await this.#assertEvents(clients);
    for (const client of clients) {
      const expected = model.clients.get(client.clientId);
      assert.ok(expected);
      const states = client.secrets.map((secret) => secretStateAt(secret, now, this.#uses.lastOf(secret)));
      assert.deepEqual(
        client.secrets.map(({ secretId }, at) => [secretId, states[at]]).sort(),
        expected.secrets.map((secret) => [secret.secretId, stateOf(secret, now)]).sort(),
      );
      assert.equal(states.filter(isLive).length, liveOf(expected, now).length);
      assert.ok(states.filter(isLive).length <= 10);
      const tag = entityTagOf(client);
      assert.equal(tag !== expected.tag, model.changed.has(client.clientId), `the ETag ${expected.tag} is ${tag} now`);
      expected.tag = tag;
    }
    for (const { clientId, value } of model.everSeen) {
      const record = await this.#requestToken(clientId, value);
      const verdict = record.event === "token_refused" ? record.reason : "token";
      assert.equal(verdict, verdictOn(model, clientId, value), `${clientId} with ${value}`);
    }
  }

  /** Asserts that the recorded events add up to what is stored, and that the store has the same events. */
  async #assertEvents(clients: readonly Client[]): Promise<void> {
    this.#replica.assertDescribes(clients);
    const stored = await idsOfEvents(this.#events, { limit: this.#recorded.length + 1 });
    assert.deepEqual([...stored].sort(), this.#recorded.map(({ id }) => id).sort());
  }

  async #requestToken(clientId: string, value: string): Promise<AuditEvent> {
    const body = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: value });
    const records: AuditEvent[] = [];
    const ports: TokenEndpointPorts = {
      ...this.#endpoint.ports,
      directory: this.#directory,
      uses: this.#uses,
      recorder: { record: (record) => void records.push(record) },
    };
    await answerTokenRequest(tokenRequestMessage({ body: new Redacted(body.toString()) }), ports);
    const [record] = records;
    assert.ok(record);
    return record;
  }
}
