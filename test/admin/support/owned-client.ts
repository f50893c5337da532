import assert from "node:assert/strict";
import type { SeededRandom } from "@carnet/testkit/seeded-random";

/** How a client stands, as far as it is compared before and after a crash; null: there is none. */
export interface Standing {
  readonly settings: Readonly<Record<string, unknown>>;
  /** By their ids. */
  readonly secrets: Readonly<Record<string, { readonly revoked: boolean; readonly expiresAt: string | null }>>;
}

/** A request that is under way, and which standings may come of it. */
interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  /** Whether the standing is one that this step makes of the one before, whole. */
  readonly leadsTo: (before: Standing | null, after: Standing | null) => boolean;
}

export type Send = (
  method: string,
  path: string,
  call: { body?: object | undefined; key: string },
) => Promise<{ status: number; json: Readonly<Record<string, unknown>> }>;

const lateEnd = "2100-01-01T00:00:00.000Z";

/** A client that one caller changes on and on, knowing after each answer how it must stand. */
export class OwnedClient {
  readonly clientId: string;
  readonly #random: SeededRandom;
  standing: Standing | null = null;
  /** Set while a request is under way, and left where its answer never came. */
  pending: { readonly step: Step; readonly key: string } | undefined;
  /** The secrets that were shown, by their ids. */
  readonly shown = new Map<string, string>();
  acknowledged = 0;
  #steps = 0;

  constructor(clientId: string, random: SeededRandom) {
    this.clientId = clientId;
    this.#random = random;
  }

  /** Sends one random request. Throws where no answer comes. */
  async act(send: Send): Promise<void> {
    const step = this.#choose();
    const key = `${this.clientId}-${this.#steps++}`;
    this.pending = { step, key };
    const { status, json } = await send(step.method, step.path, { body: step.body, key });
    assert.ok(status >= 200 && status < 300, `${step.method} ${step.path}: ${status} ${JSON.stringify(json)}`);
    this.#remember(json);
    this.standing = await this.read(send);
    this.pending = undefined;
    this.acknowledged++;
  }

  /** How it stands in the service. */
  async read(send: Send): Promise<Standing | null> {
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

  /** After a crash: it stands as it was acknowledged, or as the request that was under way makes it, whole. */
  async assertWhole(send: Send): Promise<void> {
    const found = await this.read(send);
    const { pending, standing } = this;
    const unchanged = equal(found, standing);
    const told = JSON.stringify({ found, standing, pending: pending?.step }, null, 1);
    assert.ok(unchanged || pending?.step.leadsTo(standing, found), `neither as before nor whole: ${told}`);
    await this.#assertFoundBySearch(send, found);
    this.standing = found;
    if (pending === undefined || pending.step.method !== "POST") return this.#settle();
    // Sent again under its key it is done once: its answer comes again, or it is done now
    const { step, key } = pending;
    const again = await send(step.method, step.path, { body: step.body, key });
    assert.equal(again.status, 201, JSON.stringify(again.json));
    this.#remember(again.json);
    const after = await this.read(send);
    if (unchanged) assert.ok(step.leadsTo(found, after), "done the second time");
    else assert.deepEqual(after, found, "not done twice");
    this.standing = after;
    this.#settle();
  }

  #settle(): void {
    this.pending = undefined;
  }

  /** The secrets that must get tokens now, and those that must not. */
  get secrets(): { readonly live: readonly string[]; readonly ended: readonly string[] } {
    const isLive = (id: string): boolean => this.standing?.secrets[id]?.revoked === false;
    const known = [...this.shown];
    return {
      live: known.filter(([id]) => isLive(id)).map(([, secret]) => secret),
      ended: known.filter(([id]) => !isLive(id)).map(([, secret]) => secret),
    };
  }

  async #assertFoundBySearch(send: Send, found: Standing | null): Promise<void> {
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
    if (this.standing === null) {
      const leadsTo: Step["leadsTo"] = (_, after) =>
        equal(after?.settings, settings) && Object.values(after?.secrets ?? {}).length === 1;
      return { method: "POST", path: "/clients", body: { client_id: this.clientId, ...settings }, leadsTo };
    }
    const live = Object.entries(this.standing.secrets).filter(([, { revoked }]) => !revoked);
    const steps: (() => Step)[] = [
      () => ({
        method: "PATCH",
        path,
        body: { ...settings, username: this.standing?.settings["username"] ?? null },
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

type Secret = Standing["secrets"][string];

/** One secret more, and all others as they become. */
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
