import { ownAuthority } from "@carnet/core/admin/permission";
import type { AuditEvent } from "@carnet/core/audit/event";
import { cliOrigin, type EventIds, type Recorder } from "@carnet/core/audit/recorder";
import { ClientDirectory } from "@carnet/core/client/client-directory";
import { type ClientRegistration, type RegisteredClient, registerClient } from "@carnet/core/client/register-client";
import { SecretMoves } from "@carnet/core/client/secret-moves";
import { SecretUses } from "@carnet/core/client/secret-uses";
import { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { ScopeClaims } from "@carnet/core/scope/scope-claims";
import { answerTokenRequest } from "@carnet/core/token/token-endpoint";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { accessTokenType } from "@carnet/protocol/access-token-claims";
import { defaultSunset } from "@carnet/protocol/deprecation";
import { paths } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import { ok } from "@carnet/protocol/result";
import { recordEvents } from "@carnet/server/audit/record-events";
import { hashTokenId } from "@carnet/server/crypto/hash-token-id";
import type { ClientPorts } from "@carnet/server/http/http-ports";
import { countingIds } from "./counting-ids.ts";
import { FixedClock } from "./fixed-clock.ts";
import { MapClientMemory } from "./map-client-memory.ts";
import { MemoryClientStore } from "./memory-client-store.ts";
import { MemoryEventStore } from "./memory-event-store.ts";
import { MemoryScopeStore } from "./memory-scope-store.ts";
import { plainHasher } from "./plain-hasher.ts";
import { SeededRandom } from "./seeded-random.ts";

/** The token endpoint of `core`, with an in-memory store, a fixed clock and seeded randomness. */
export class TestEndpoint {
  readonly clock = new FixedClock("2026-11-21T12:00:00Z");
  readonly random = new SeededRandom();
  readonly hasher = plainHasher;
  /** The events of changes, as stored. */
  readonly storedEvents = new MemoryEventStore();
  readonly store = new MemoryClientStore(() => this.clock.now(), this.storedEvents);
  readonly #scopeStore = new MemoryScopeStore(this.storedEvents);
  readonly scopes = new ScopeCatalogue(this.#scopeStore, true);
  /** Read once it is refreshed. */
  readonly scopeClaims = new ScopeClaims(this.#scopeStore);
  readonly owners = this.store.owners;
  readonly revocations = this.store.revocations;
  readonly authority = ownAuthority;
  readonly accessTokenTtl = 600;
  readonly origin = cliOrigin("client_created");
  readonly records: AuditEvent[] = [];
  /** The order in which these happened: `find`, `sign`, `record`. */
  readonly events: string[] = [];
  /** What was counted without an event, such as `introspected by app`. */
  readonly counted: string[] = [];
  readonly ports: ClientPorts;
  /** For changes, whose events are in `storedEvents`: `records` has those of token requests only. */
  readonly recorder: Recorder = { record: () => {} };
  readonly eventIds: EventIds;

  constructor(changes: Partial<ClientPorts> = {}) {
    const findBySecret: MemoryClientStore["findBySecret"] = (digest) => {
      this.events.push("find");
      return this.store.findBySecret(digest);
    };
    const uses = new SecretUses(this.store);
    const directory = new ClientDirectory({ findBySecret }, new MapClientMemory());
    this.ports = {
      policy: {
        issuer: "https://iam.example.test",
        audience: "https://api.example.test",
        accessTokenTtl: this.accessTokenTtl,
        sunsetAt: defaultSunset,
      },
      clock: this.clock,
      random: this.random,
      hasher: this.hasher,
      directory,
      moves: new SecretMoves({ store: this.store, moved: (clientId) => directory.forget(clientId) }),
      uses,
      usage: {
        count: (clientId, what) => {
          this.counted.push(`${what} by ${clientId}`);
        },
      },
      signer: {
        sign: async (claims, typ) => {
          this.events.push("sign");
          const mark = typ === accessTokenType ? "signed" : typ;
          return { token: `${mark}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`, keyId: "key-1" };
        },
      },
      verifier: {
        verify: async (token, now) => {
          this.events.push("verify");
          const [mark, payload = ""] = token.split(".");
          if (mark !== "signed") return undefined;
          const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
          return claims.exp > now / 1000 ? { claims, keyId: "key-1", idHash: hashTokenId(claims.jti) } : undefined;
        },
      },
      store: this.store,
      revocations: this.revocations,
      cutOffs: { issuedUntil: () => 0 },
      scopes: this.scopes,
      scopeClaims: this.scopeClaims,
      recorder: recordEvents(
        {
          record: (events) => {
            this.events.push("record");
            this.records.push(...events);
          },
        },
        { uses },
      ),
      eventIds: countingIds(),
      ...changes,
    };
    this.eventIds = this.ports.eventIds;
  }

  /** Registers a client. Throws if refused. */
  async register(registration: ClientRegistration): Promise<RegisteredClient> {
    const registered = await registerClient(registration, this);
    if (!registered.ok) throw new Error(JSON.stringify(registered.error));
    return registered.value;
  }

  /** Sends a form and parses the answer. */
  async post(form: Readonly<Record<string, string>>, changes: Partial<TokenRequestMessage> = {}): Promise<TestAnswer> {
    const body = new URLSearchParams({ grant_type: "client_credentials", ...form });
    const message = tokenRequestMessage({ body: new Redacted(body.toString()), ...changes });
    const { status, headers, body: text } = await answerTokenRequest(message, this.ports);
    return { status, headers, body: JSON.parse(text.reveal()) };
  }
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A token request with defaults for what a test does not care about. */
export const tokenRequestMessage = (changes: Partial<TokenRequestMessage> = {}): TokenRequestMessage => ({
  requestId: "request-1",
  path: paths.token,
  query: new Redacted(""),
  contentType: "application/x-www-form-urlencoded",
  authorization: [],
  version: ok("2026-01-01"),
  body: new Redacted("grant_type=client_credentials"),
  address: "127.0.0.1",
  ...changes,
});
