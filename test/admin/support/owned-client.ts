import assert from "node:assert/strict";
import type { SeededRandom } from "@carnet/testkit/seeded-random";

/** The settings and secrets of a client, compared before and after a crash. Null means that it does not exist. */
export interface ClientState {
  readonly settings: Readonly<Record<string, unknown>>;
  /** By secret id. */
  readonly secrets: Readonly<Record<string, { readonly revoked: boolean; readonly expiresAt: string | null }>>;
}

/** A request, and the states that it may lead to. */
interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  /** Whether the complete step leads from one state to the other. */
  readonly leadsTo: (before: ClientState | null, after: ClientState | null) => boolean;
}

export type Send = (
  method: string,
  path: string,
  call: { body?: object | undefined; key: string },
) => Promise<{ status: number; json: Readonly<Record<string, unknown>> }>;

const lateEnd = "2100-01-01T00:00:00.000Z";

/** A client that one caller keeps changing. It knows the expected state after each response. */
export class OwnedClient {
  readonly clientId: string;
  readonly #random: SeededRandom;
  state: ClientState | null = null;
  /** The request in progress. It stays set when its response never came. */
  pending: { readonly step: Step; readonly key: string } | undefined;
  /** The secrets that were shown, by secret id. */
  readonly shown = new Map<string, string>();
  acknowledged = 0;
  #steps = 0;

  constructor(clientId: string, random: SeededRandom) {
    this.clientId = clientId;
    this.#random = random;
  }

  /** Sends one random request. Throws when no response comes. */
  async act(send: Send): Promise<void> {
    const step = this.#choose();
    const key = `${this.clientId}-${this.#steps++}`;
    this.pending = { step, key };
    const { status, json } = await send(step.method, step.path, { body: step.body, key });
    assert.ok(status >= 200 && status < 300, `${step.method} ${step.path}: ${status} ${JSON.stringify(json)}`);
    this.#remember(json);
    this.state = await this.read(send);
    this.pending = undefined;
    this.acknowledged++;
  }

  /** Reads the state from the service. */
  async read(send: Send): Promise<ClientState | null> {
    const { status, json } = await send("GET", `/clients/${this.clientId}`, { key: "" });
    if (status === 404) return null;
    assert.equal(status, 200);
    const { client_name, username, scope, labels, secrets } = json;
    const views: readonly Readonly<Record<string, string | null>>[] = Object(secrets);
    const states = views.map(({ secret_id, revoked_at, expires_at }) => [
      secret_id,
      { revoked: revoked_at !== null, expiresAt: expires_at },
    ]);
    return { settings: { client_name, username, scope, labels }, secrets: Object.fromEntries(states) };
  }

  /** Asserts after a crash that the client has its acknowledged state, or the full effect of the pending request. */
  async assertWhole(send: Send): Promise<void> {
    const found = await this.read(send);
    const { pending, state } = this;
    const unchanged = equal(found, state);
    const context = JSON.stringify({ found, state, pending: pending?.step }, null, 1);
    assert.ok(unchanged || pending?.step.leadsTo(state, found), `neither unchanged nor fully changed: ${context}`);
    await this.#assertFoundBySearch(send, found);
    this.state = found;
    if (pending === undefined || pending.step.method !== "POST") return this.#settle();
    // Sent again with its key, the request takes effect once: either now, or before the crash
    const { step, key } = pending;
    const again = await send(step.method, step.path, { body: step.body, key });
    assert.equal(again.status, 201, JSON.stringify(again.json));
    this.#remember(again.json);
    const after = await this.read(send);
    if (unchanged) assert.ok(step.leadsTo(found, after), "the repeated request must take effect");
    else assert.deepEqual(after, found, "the request must not take effect twice");
    this.state = after;
    this.#settle();
  }

  #settle(): void {
    this.pending = undefined;
  }

  /** The secrets that must get tokens now, and the ones that must not. */
  get secrets(): { readonly live: readonly string[]; readonly ended: readonly string[] } {
    const isLive = (id: string): boolean => this.state?.secrets[id]?.revoked === false;
    const known = [...this.shown];
    return {
      live: known.filter(([id]) => isLive(id)).map(([, secret]) => secret),
      ended: known.filter(([id]) => !isLive(id)).map(([, secret]) => secret),
    };
  }

  async #assertFoundBySearch(send: Send, found: ClientState | null): Promise<void> {
    for (const query of [`label=owner%3D${this.clientId}`, `scope=of:${this.clientId}`]) {
      const { json } = await send("GET", `/clients?${query}`, { key: "" });
      assert.equal(Object(json["clients"]).length, found === null ? 0 : 1, query);
    }
  }

  #remember(json: Readonly<Record<string, unknown>>): void {
    const secret = json["client_secret"];
    if (typeof secret !== "string") return;
    this.shown.set(secret.split("_")[1] ?? "", secret);
  }

  #choose(): Step {
    const path = `/clients/${this.clientId}`;
    const settings = this.#settings();
    if (this.state === null) {
      const leadsTo: Step["leadsTo"] = (_, after) =>
        equal(after?.settings, settings) && Object.values(after?.secrets ?? {}).length === 1;
      return { method: "POST", path: "/clients", body: { client_id: this.clientId, ...settings }, leadsTo };
    }
    const live = Object.entries(this.state.secrets).filter(([, { revoked }]) => !revoked);
    const steps: (() => Step)[] = [
      () => ({
        method: "PATCH",
        path,
        body: { ...settings, username: this.state?.settings["username"] ?? null },
        leadsTo: (before, after) =>
          equal(after?.secrets, before?.secrets) &&
          equal(after?.settings, { ...settings, username: before?.settings["username"] ?? null }),
      }),
      () => ({
        method: "PATCH",
        path,
        body: { ...settings, username: `user-${this.#steps}` },
        leadsTo: (before, after) =>
          after?.settings["client_name"] === settings.client_name &&
          equal(Object.keys(after.secrets), Object.keys(before?.secrets ?? {})) &&
          Object.values(after.secrets).every(({ revoked }) => revoked),
      }),
    ];
    if (live.length < 9) {
      steps.push(
        () => ({ method: "POST", path: `${path}/secrets`, body: {}, leadsTo: oneMore((secret) => secret) }),
        () => ({
          method: "POST",
          path: `${path}/secrets/rotate`,
          body: { end_old_at: lateEnd },
          leadsTo: oneMore((secret) => (secret.revoked ? secret : { ...secret, expiresAt: lateEnd })),
        }),
      );
    }
    for (const [id] of live.slice(0, 2)) {
      steps.push(() => ({
        method: "DELETE",
        path: `${path}/secrets/${id}`,
        leadsTo: (before, after) =>
          equal(after?.settings, before?.settings) &&
          equal(after?.secrets, { ...before?.secrets, [id]: { ...before?.secrets[id], revoked: true } }),
      }));
    }
    if (this.#random.below(6) === 0)
      steps.push(() => ({ method: "DELETE", path, leadsTo: (_, after) => after === null }));
    const chosen = steps[this.#random.below(steps.length)] ?? assert.fail();
    return chosen();
  }

  #settings() {
    const generation = `${this.#steps}`;
    return {
      client_name: `generation ${generation}`,
      username: null,
      scope: `of:${this.clientId} generation:${generation}`,
      labels: { owner: this.clientId, generation },
    };
  }
}

type Secret = ClientState["secrets"][string];

/** Leads to a state with one more secret, and with the others changed by `become`. */
const oneMore =
  (become: (secret: Secret) => Secret): Step["leadsTo"] =>
  (before, after) => {
    const old = Object.entries(before?.secrets ?? {});
    const added = Object.keys(after?.secrets ?? {}).filter((id) => before?.secrets[id] === undefined);
    return (
      equal(after?.settings, before?.settings) &&
      added.length === 1 &&
      old.every(([id, secret]) => equal(after?.secrets[id], become(secret)))
    );
  };

function equal(left: unknown, right: unknown): boolean {
  try {
    assert.deepEqual(left, right);
    return true;
  } catch {
    return false;
  }
}
