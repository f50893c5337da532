import assert from "node:assert/strict";
import fc from "fast-check";
import type { PepperNode, PepperWorld, PlantedFault, UsedSecret } from "./pepper-world.ts";

/** What a secret is to the outside, as small as it can be said: under which pepper it is, and whether it works. */
interface ModelSecret extends UsedSecret {
  /** Its place in `peppers`, as stored. */
  pepper: number;
  /** Where it moves when a node writes its moves. */
  readonly pending: Map<PepperNode, number>;
  revoked: boolean;
}

interface ModelPepper {
  readonly usedFrom: number;
  endsAt: number;
}

/** Nodes, the model, and the steps that both take. */
export class Rotation {
  readonly #world: PepperWorld;
  readonly #fault: PlantedFault;
  readonly #nodes: PepperNode[] = [];
  readonly #lagging = new Set<PepperNode>();
  readonly #secrets: ModelSecret[] = [];
  readonly #peppers: ModelPepper[] = [];
  readonly #places = new Map<string, number>();

  private constructor(world: PepperWorld, fault: PlantedFault) {
    this.#world = world;
    this.#fault = fault;
  }

  /** Starts after everything that an earlier run did has ended. */
  static async begin(world: PepperWorld, fault: PlantedFault): Promise<Rotation> {
    world.clock.advance(400 * 86_400_000);
    const rotation = new Rotation(world, fault);
    for (let number = 0; number < 3; number++) rotation.#nodes.push(await world.start(fault));
    const [first] = rotation.#nodes;
    assert.ok(first);
    rotation.#places.set(first.parts.ring.current, 0);
    rotation.#peppers.push({ usedFrom: 0, endsAt: Infinity });
    await rotation.register(0, undefined);
    return rotation;
  }

  async register(node: number, value: string | undefined): Promise<void> {
    const at = this.#node(node);
    const secret = await at.register(value);
    this.#secrets.push({ ...secret, pepper: this.#placeOf(at), pending: new Map(), revoked: false });
  }

  async rotate(node: number, deadlineIn: number): Promise<void> {
    const now = this.#world.clock.now();
    const isInProgress = this.#peppers.some(({ endsAt }) => endsAt !== Infinity && endsAt > now);
    const rotated = await this.#node(node).rotate(deadlineIn);
    assert.equal(rotated.ok, !isInProgress, "only one rotation at a time");
    const last = this.#peppers.at(-1);
    if (!rotated.ok || last === undefined) return;
    last.endsAt = now + deadlineIn * 1000;
    this.#places.set(rotated.value.added.pepperId, this.#peppers.length);
    this.#peppers.push({ usedFrom: now + 60_000, endsAt: Infinity });
  }

  async use(node: number, which: number): Promise<void> {
    const at = this.#node(node);
    const used = this.#secrets[which % this.#secrets.length];
    assert.ok(used);
    const now = this.#world.clock.now();
    const end = this.#peppers[used.pepper]?.endsAt ?? 0;
    const works = !used.revoked && end > now;
    const accepted = await at.accepts(used);
    const target = this.#placeOf(at); // before a wrong secret makes a node read the peppers anew
    // A node that does not hear of changes may accept for a while what has ended, as it does what was revoked. Nobody can
    // know of a use that a node has not written for long
    const isUnknown = !works && (this.#lagging.has(at) || (!used.revoked && used.pending.size > 0));
    if (!isUnknown) assert.equal(accepted, works, works ? "a valid secret is refused" : "an ended secret is accepted");
    assert.equal(await at.accepts({ ...used, secret: `${used.secret}x` }), false, "a wrong secret is accepted");
    if (!accepted || target <= used.pepper) return;
    if (end - 60_000 <= now) used.pepper = target;
    else used.pending.set(at, target);
  }

  async revoke(node: number, which: number): Promise<void> {
    const used = this.#secrets[which % this.#secrets.length];
    assert.ok(used);
    await this.#node(node).revoke(used);
    used.revoked = true;
    await this.poll();
  }

  /** Time passes, in which every node that does not lag polls. */
  async advance(milliseconds: number): Promise<void> {
    this.#world.clock.advance(milliseconds);
    await this.poll();
  }

  /** To some seconds before or after the next deadline. */
  async advanceToDeadline(offset: number): Promise<void> {
    const now = this.#world.clock.now();
    const next = this.#peppers.find(({ endsAt }) => endsAt !== Infinity && endsAt + offset > now);
    if (next !== undefined) await this.advance(next.endsAt + offset - now);
  }

  async poll(): Promise<void> {
    for (const node of this.#nodes) if (!this.#lagging.has(node)) await this.#pollOne(node);
    const working = this.#nodes.find((node) => !this.#lagging.has(node));
    await working?.deleteEnded();
  }

  async lag(node: number): Promise<void> {
    this.#lagging.add(this.#node(node));
  }

  async recover(node: number): Promise<void> {
    this.#lagging.delete(this.#node(node));
    await this.#pollOne(this.#node(node));
  }

  /** A node stops and starts anew. One that is killed loses what it has not written. */
  async restart(node: number, isKilled: boolean): Promise<void> {
    const stopped = this.#node(node);
    if (!isKilled) await this.#pollOne(stopped);
    for (const { pending } of this.#secrets) pending.delete(stopped);
    this.#lagging.delete(stopped);
    this.#nodes[this.#nodes.indexOf(stopped)] = await this.#world.start(this.#fault);
  }

  /** Two nodes use a secret while both write their moves. */
  async useTogether(which: number): Promise<void> {
    const [one, two] = this.#nodes;
    assert.ok(one && two);
    const [used] = this.#secrets.slice(which % this.#secrets.length);
    if (used === undefined || used.revoked || (this.#peppers[used.pepper]?.endsAt ?? 0) <= this.#world.clock.now())
      return;
    const work = [one.moves.flush(), two.accepts(used), two.moves.flush(), one.accepts(used), one.moves.flush()];
    const results = await Promise.all(work);
    assert.ok(!results.includes(false), "a valid secret is refused while it moves");
    for (const node of [one, two]) {
      await node.moves.flush();
      this.#wrote(node);
      used.pepper = Math.max(used.pepper, this.#placeOf(node));
    }
  }

  async #pollOne(node: PepperNode): Promise<void> {
    await node.poll();
    this.#wrote(node);
  }

  #wrote(node: PepperNode): void {
    for (const secret of this.#secrets) {
      secret.pepper = Math.max(secret.pepper, secret.pending.get(node) ?? 0);
      secret.pending.delete(node);
    }
  }

  #node(number: number): PepperNode {
    const node = this.#nodes[number % this.#nodes.length];
    assert.ok(node);
    return node;
  }

  #placeOf(node: PepperNode): number {
    return this.#places.get(node.parts.ring.current) ?? assert.fail("a node uses an unknown pepper");
  }
}

/** A step of a run. */
class Step implements fc.AsyncCommand<object, Rotation> {
  readonly #name: string;
  readonly #act: (rotation: Rotation) => Promise<void>;

  constructor(name: string, act: (rotation: Rotation) => Promise<void>) {
    this.#name = name;
    this.#act = act;
  }

  check = () => true;
  run = (_model: object, rotation: Rotation): Promise<void> => this.#act(rotation);
  toString = (): string => this.#name;
}

const node = fc.nat({ max: 2 });
const which = fc.nat({ max: 8 });
const step = <Values extends unknown[]>(
  name: string,
  given: { [Place in keyof Values]: fc.Arbitrary<Values[Place]> },
  act: (rotation: Rotation, ...values: Values) => Promise<void>,
): fc.Arbitrary<Step> =>
  fc
    .tuple<Values>(...given)
    .map((values) => new Step(`${name}(${values.join(", ")})`, (rotation) => act(rotation, ...values)));

let imported = 0;

export const steps = [
  step("use", [node, which], (rotation, at, one) => rotation.use(at, one)),
  step("use", [node, which], (rotation, at, one) => rotation.use(at, one)),
  step("register", [node], (rotation, at) => rotation.register(at, undefined)),
  step("import", [node], (rotation, at) => rotation.register(at, `imported-secret-0123456789-${imported++}`)),
  step("rotate", [node, fc.integer({ min: 3600, max: 7200 })], (rotation, at, deadline) =>
    rotation.rotate(at, deadline),
  ),
  step("advance", [fc.integer({ min: 500, max: 45_000 })], (rotation, by) => rotation.advance(by)),
  step("advance", [fc.constant(61_000)], (rotation, by) => rotation.advance(by)),
  step("advance to deadline", [fc.constantFrom(-70_000, -5000, -1, 0, 1, 61_000)], (rotation, by) =>
    rotation.advanceToDeadline(by),
  ),
  step("lag", [node], (rotation, at) => rotation.lag(at)),
  step("recover", [node], (rotation, at) => rotation.recover(at)),
  step("restart", [node, fc.boolean()], (rotation, at, isKilled) => rotation.restart(at, isKilled)),
  step("use together", [which], (rotation, one) => rotation.useTogether(one)),
  step("revoke", [node, which], (rotation, at, one) => rotation.revoke(at, one)),
];
