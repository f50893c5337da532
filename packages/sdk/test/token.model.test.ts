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
  /** When the request for it was sent: its lifetime is counted from here. */
  readonly sentAt: number;
  readonly lifetimeMs: number;
  /** How many invalidations preceded the request. */
  readonly epoch: number;
}

/** A request that waits until the test answers it. */
interface Pending {
  readonly scope: string;
  readonly sentAt: number;
  readonly epoch: number;
  readonly answer: (response: Response) => void;
}

/** A call and whether it has settled. */
interface Call {
  readonly scopes: readonly string[];
  readonly epoch: number;
  readonly startedAt: number;
  readonly minValidity: number;
  readonly controller: AbortController | undefined;
  settled: boolean;
}

/** The system under test and what the test observes from outside. */
class World {
  readonly clock = new ManualClock();
  readonly pending: Pending[] = [];
  readonly calls: Call[] = [];
  readonly issued = new Map<string, Issued>();
  readonly violations: string[] = [];
  epoch = 0;
  number = 0;
  readonly sdk: SDK;

  constructor(random: number) {
    const net = network(
      ({ form }) =>
        new Promise<Response>((answer) => {
          const scope = form.get("scope") ?? "a b c";
          this.pending.push({ scope, sentAt: this.clock.monotonic(), epoch: this.epoch, answer });
        }),
    );
    this.sdk = sdkFor(net, { clock: this.clock, random: () => random, retryConfig: { maxRetries: 0 } });
  }

  /** Lets pending callbacks run, then checks for violations. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(this.violations, []);
  }

  /** Checks the invariants of a token that a caller received. */
  check(token: AccessToken, call: Call): void {
    const issued = this.issued.get(token.accessToken);
    const violation = (text: string) => void this.violations.push(`${text}: ${token.accessToken} for [${call.scopes}]`);
    if (issued === undefined) {
      violation("never issued");
      return;
    }
    const granted = new Set(issued.scope.split(" "));
    if (!call.scopes.every((scope) => granted.has(scope))) violation("mixed up: has other scopes");
    if (call.scopes.length === 0 && issued.scope !== "a b c") violation("mixed up: lacks scopes of the client");
    // A token requested before the call may be returned to it even if it expires or is invalidated meanwhile.
    if (issued.issuedAt + issued.lifetimeMs <= call.startedAt) violation("stale: expired");
    if (issued.epoch < call.epoch) violation("stale: invalidated");
    const end = issued.sentAt + issued.lifetimeMs;
    const wasCached = issued.issuedAt < call.startedAt;
    if (wasCached && end - call.startedAt < call.minValidity * 1000) violation("too short");
    const left = Math.max(0, Math.ceil((end - this.clock.monotonic()) / 1000));
    if (token.expiresIn !== left) violation(`says ${token.expiresIn} s, not ${left} s`);
  }
}

interface Model {
  readonly nothing: undefined;
}

/** A command without preconditions. */
abstract class Command implements fc.AsyncCommand<Model, World> {
  check(): boolean {
    return true;
  }
  abstract run(model: Model, world: World): Promise<void>;
}

class Get extends Command {
  readonly scopes: readonly string[];
  readonly abortable: boolean;
  readonly forced: boolean;
  readonly minValidity: number;
  constructor({
    scopes,
    abortable,
    forced,
    minValidity,
  }: Pick<Get, "scopes" | "abortable" | "forced" | "minValidity">) {
    super();
    this.minValidity = minValidity;
    this.scopes = scopes;
    this.abortable = abortable;
    this.forced = forced;
  }
  async run(_: Model, world: World): Promise<void> {
    const controller = this.abortable ? new AbortController() : undefined;
    const call: Call = {
      scopes: this.scopes,
      epoch: world.epoch,
      startedAt: world.clock.monotonic(),
      minValidity: this.minValidity,
      controller,
      settled: false,
    };
    world.calls.push(call);
    const { scopes, forced: forceRefresh, minValidity } = this;
    const options = { scopes, forceRefresh, minValidity, signal: controller?.signal };
    world.sdk.token(options).then(
      (token) => {
        call.settled = true;
        world.check(token, call);
      },
      (error: unknown) => {
        call.settled = true;
        const isOwn = error instanceof RequestAbortedError && controller?.signal.aborted;
        const isRefusal = Reflect.get(Object(error), "code") === "SDKError";
        if (!isOwn && !isRefusal) world.violations.push(`unexpected failure: ${error}`);
      },
    );
    await world.settle();
  }
  override toString(): string {
    return `get [${this.scopes}]${this.abortable ? " abortable" : ""}${this.forced ? " forced" : ""} min ${this.minValidity}`;
  }
}

class Answer extends Command {
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
    const { scope, epoch, sentAt } = pending;
    if (this.lifetime === 0) pending.answer(json({ message: "not now" }, { status: 403 }));
    else {
      world.issued.set(accessToken, {
        scope,
        epoch,
        sentAt,
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

class AdvanceTime extends Command {
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

class StepClock extends AdvanceTime {
  override async run(_: Model, world: World): Promise<void> {
    world.clock.step(this.ms);
    await world.settle();
  }
  override toString(): string {
    return `the clock steps by ${this.ms} ms`;
  }
}

class Invalidate extends Command {
  async run(_: Model, world: World): Promise<void> {
    world.epoch++;
    world.sdk.invalidateToken();
    await world.settle();
  }
  override toString(): string {
    return "invalidate";
  }
}

class Abort extends Command {
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
    if (call !== undefined && !call.settled) world.violations.push("an aborted call is still waiting");
  }
  override toString(): string {
    return `abort ${this.which}`;
  }
}

const commands = [
  fc
    .record({
      scopes: fc.constantFrom<readonly string[]>([], ["a"], ["b"], ["a", "b"], ["d"], ["b", "a"]),
      abortable: fc.boolean(),
      forced: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      minValidity: fc.constantFrom(0, 0, 0, 60, 299, 599),
    })
    .map((how) => new Get(how)),
  fc
    .record({ which: fc.nat(5), lifetime: fc.constantFrom(0, 1, 10, 59, 300, 600) })
    .map(({ which, lifetime }) => new Answer(which, lifetime)),
  fc.constantFrom(1, 900, 9_000, 50_000, 290_000, 545_000, 600_000).map((ms) => new AdvanceTime(ms)),
  fc.integer({ min: -1e9, max: 1e9 }).map((ms) => new StepClock(ms)),
  fc.constant(new Invalidate()),
  fc.nat(5).map((which) => new Abort(which)),
];

test("no order of get, expire, invalidate, abort, late response and clock step makes a token stale, too short, mixed up or lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.commands(commands, { maxCommands: 60, size: "max" }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (run, random) => {
        const world = new World(random);
        await fc.asyncModelRun(() => ({ model: { nothing: undefined }, real: world }), run);
        await assertNothingLost(world);
      },
    ),
    { numRuns: 300 },
  );
});

/** Once everything is answered, no call waits, and a fresh token is cached and served without another request. */
async function assertNothingLost(world: World): Promise<void> {
  for (let i = 0; i < 200 && world.pending.length > 0; i++) await new Answer(0, 600).run({ nothing: undefined }, world);
  assert.equal(world.pending.length, 0, "requests never end");
  assert.ok(
    world.calls.every(({ settled }) => settled),
    "a call was lost",
  );
  for (const forced of [true, false, false]) {
    await new Get({ scopes: ["a", "b"], abortable: false, forced, minValidity: 300 }).run(
      { nothing: undefined },
      world,
    );
    assert.equal(world.pending.length, forced ? 1 : 0, "a fresh token was lost");
    await new Answer(0, 600).run({ nothing: undefined }, world);
  }
  assert.ok(
    world.calls.every(({ settled }) => settled),
    "a call was lost at the end",
  );
}
