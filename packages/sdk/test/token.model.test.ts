import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccessToken, RequestAbortedError, type SDK } from "@carnet/sdk";
import fc from "fast-check";
import { ManualClock } from "./support/manual-clock.ts";
import { json, network, tokenAnswer } from "./support/scripted-fetch.ts";
import { sdkFor } from "./support/sdk-for.ts";

/** A token as the server remembers it. */
interface Issued {
  readonly scope: string;
  readonly issuedAt: number;
  readonly lifetimeMs: number;
  /** How many invalidations had been when it was asked for. */
  readonly era: number;
}

/** A request that the server holds back until the test lets it go. */
interface Pending {
  readonly scope: string;
  readonly era: number;
  readonly answer: (response: Response) => void;
}

/** A call whose outcome is still to come. */
interface Call {
  readonly scopes: readonly string[];
  readonly era: number;
  readonly startedAt: number;
  readonly controller: AbortController | undefined;
  settled: boolean;
}

/** The real thing and what is known about it from outside. */
class World {
  readonly clock = new ManualClock();
  readonly pending: Pending[] = [];
  readonly calls: Call[] = [];
  readonly issued = new Map<string, Issued>();
  readonly faults: string[] = [];
  era = 0;
  number = 0;
  readonly sdk: SDK;

  constructor(random: number) {
    const net = network(
      ({ form }) =>
        new Promise<Response>((answer) => {
          const scope = form.get("scope") ?? "a b c";
          this.pending.push({ scope, era: this.era, answer });
        }),
    );
    this.sdk = sdkFor(net, { clock: this.clock, random: () => random, retryConfig: { maxRetries: 0 } });
  }

  /** Lets everything that is ready run. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(this.faults, []);
  }

  /** What must hold of every token that a caller gets. */
  check(token: AccessToken, call: Call): void {
    const issued = this.issued.get(token.accessToken);
    const fault = (text: string) => void this.faults.push(`${text}: ${token.accessToken} for [${call.scopes}]`);
    if (issued === undefined) {
      fault("a token that nobody issued");
      return;
    }
    const granted = new Set(issued.scope.split(" "));
    if (!call.scopes.every((scope) => granted.has(scope))) fault("crossed, of other scopes");
    if (call.scopes.length === 0 && issued.scope !== "a b c") fault("crossed, not of all scopes");
    // What was under way when the call began may be served to it whatever happens meanwhile.
    if (issued.issuedAt + issued.lifetimeMs <= call.startedAt) fault("stale, its life was over");
    if (issued.era < call.era) fault("stale, it was invalidated");
  }
}

interface Model {
  readonly nothing: undefined;
}

/** A command that can always run. */
abstract class Always implements fc.AsyncCommand<Model, World> {
  check(): boolean {
    return true;
  }
  abstract run(model: Model, world: World): Promise<void>;
}

class Get extends Always {
  readonly scopes: readonly string[];
  readonly leaves: boolean;
  readonly forced: boolean;
  constructor({ scopes, leaves, forced }: { scopes: readonly string[]; leaves: boolean; forced: boolean }) {
    super();
    this.scopes = scopes;
    this.leaves = leaves;
    this.forced = forced;
  }
  async run(_: Model, world: World): Promise<void> {
    const controller = this.leaves ? new AbortController() : undefined;
    const call: Call = {
      scopes: this.scopes,
      era: world.era,
      startedAt: world.clock.monotonic(),
      controller,
      settled: false,
    };
    world.calls.push(call);
    const options = { scopes: this.scopes, forceRefresh: this.forced, signal: controller?.signal };
    world.sdk.token(options).then(
      (token) => {
        call.settled = true;
        world.check(token, call);
      },
      (error: unknown) => {
        call.settled = true;
        const isOwn = error instanceof RequestAbortedError && controller?.signal.aborted;
        const isRefusal = Reflect.get(Object(error), "code") === "SDKError";
        if (!isOwn && !isRefusal) world.faults.push(`a failure that nobody caused: ${error}`);
      },
    );
    await world.settle();
  }
  override toString(): string {
    return `get [${this.scopes}]${this.leaves ? " abortable" : ""}${this.forced ? " forced" : ""}`;
  }
}

class Answer extends Always {
  readonly which: number;
  readonly lifetime: number;
  constructor(which: number, lifetime: number) {
    super();
    this.which = which;
    this.lifetime = lifetime;
  }
  async run(_: Model, world: World): Promise<void> {
    const [pending] = world.pending.splice(this.which % Math.max(1, world.pending.length), 1);
    if (pending === undefined) return;
    const accessToken = `token-${world.number++}`;
    const { scope, era } = pending;
    if (this.lifetime === 0) pending.answer(json({ message: "not now" }, { status: 403 }));
    else {
      world.issued.set(accessToken, {
        scope,
        era,
        issuedAt: world.clock.monotonic(),
        lifetimeMs: this.lifetime * 1000,
      });
      pending.answer(tokenAnswer({ access_token: accessToken, scope, expires_in: this.lifetime }));
    }
    await world.settle();
  }
  override toString(): string {
    return `answer ${this.which} with ${this.lifetime} s`;
  }
}

class Pass extends Always {
  readonly ms: number;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  async run(_: Model, world: World): Promise<void> {
    world.clock.elapsed += this.ms;
    world.clock.wall += this.ms;
    await world.settle();
  }
  override toString(): string {
    return `${this.ms} ms pass`;
  }
}

class StepClock extends Pass {
  override async run(_: Model, world: World): Promise<void> {
    world.clock.step(this.ms);
    await world.settle();
  }
  override toString(): string {
    return `the clock steps by ${this.ms} ms`;
  }
}

class Invalidate extends Always {
  async run(_: Model, world: World): Promise<void> {
    world.era++;
    world.sdk.invalidateToken();
    await world.settle();
  }
  override toString(): string {
    return "invalidate";
  }
}

class Abort extends Always {
  readonly which: number;
  constructor(which: number) {
    super();
    this.which = which;
  }
  async run(_: Model, world: World): Promise<void> {
    const open = world.calls.filter(({ controller, settled }) => controller && !settled);
    const call = open[this.which % Math.max(1, open.length)];
    call?.controller?.abort();
    await world.settle();
    if (call !== undefined && !call.settled) world.faults.push("an aborted call that goes on waiting");
  }
  override toString(): string {
    return `abort ${this.which}`;
  }
}

const commands = [
  fc
    .record({
      scopes: fc.constantFrom<readonly string[]>([], ["a"], ["b"], ["a", "b"], ["d"], ["b", "a"]),
      leaves: fc.boolean(),
      forced: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    })
    .map((how) => new Get(how)),
  fc
    .record({ which: fc.nat(5), lifetime: fc.constantFrom(0, 1, 10, 59, 300, 600) })
    .map(({ which, lifetime }) => new Answer(which, lifetime)),
  fc.constantFrom(1, 900, 9_000, 50_000, 290_000, 545_000, 600_000).map((ms) => new Pass(ms)),
  fc.integer({ min: -1e9, max: 1e9 }).map((ms) => new StepClock(ms)),
  fc.constant(new Invalidate()),
  fc.nat(5).map((which) => new Abort(which)),
];

test("whatever order of get, expire, invalidate, abort, late answer and clock step, no token is stale, crossed or lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.commands(commands, { maxCommands: 60 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (run, random) => {
        const world = new World(random);
        await fc.asyncModelRun(() => ({ model: { nothing: undefined }, real: world }), run);
        await nothingIsLost(world);
      },
    ),
    { numRuns: 150 },
  );
});

/** After all is answered no call waits, a fresh token is kept, and it is served without a further request. */
async function nothingIsLost(world: World): Promise<void> {
  for (let i = 0; i < 200 && world.pending.length > 0; i++) await new Answer(0, 600).run({ nothing: undefined }, world);
  assert.equal(world.pending.length, 0, "requests without end");
  assert.ok(
    world.calls.every(({ settled }) => settled),
    "a call was lost",
  );
  for (const forced of [true, false, false]) {
    await new Get({ scopes: ["a", "b"], leaves: false, forced }).run({ nothing: undefined }, world);
    assert.equal(world.pending.length, forced ? 1 : 0, "a fresh token was lost");
    await new Answer(0, 600).run({ nothing: undefined }, world);
  }
  assert.ok(
    world.calls.every(({ settled }) => settled),
    "a call was lost at the end",
  );
}
