import type { Scrub } from "./scrub.ts";

const DEPTH = 4;
const LENGTH = 500;

/** A foreign error boiled down to what is safe to print: its name, its `code`, its scrubbed message, its causes. */
export class ForeignError extends Error {
  /** The foreign error's own code, such as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** The system call that failed, such as `connect`. */
  readonly syscall: string | undefined;

  constructor(facts: ForeignFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = facts.name;
    this.code = facts.code;
    this.syscall = facts.syscall;
    this.stack = `${facts.name}: ${facts.message}`; // The foreign stack repeats the foreign message.
  }
}

interface ForeignFacts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly syscall: string | undefined;
  readonly cause: ForeignError | undefined;
}

/**
 * Boils a foreign error down. Its other members are left behind, since HTTP clients hang requests, headers and whole
 * configurations on their errors.
 */
export function summarise(foreign: unknown, scrub: Scrub, depth = 0): ForeignError {
  const from: Record<string, unknown> = typeof foreign === "object" && foreign !== null ? { ...read(foreign) } : {};
  const inner = from["cause"] ?? (Array.isArray(from["errors"]) ? from["errors"][0] : undefined);
  return new ForeignError({
    name: word(from["name"]) ?? "Error",
    message: scrub(typeof from["message"] === "string" ? from["message"] : "").slice(0, LENGTH),
    code: word(from["code"]),
    syscall: word(from["syscall"]),
    cause: inner === undefined || inner === null || depth >= DEPTH ? undefined : summarise(inner, scrub, depth + 1),
  });
}

/** The few members that are looked at, wherever on the prototype chain they are; a getter that throws counts as absent. */
function read(foreign: object): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of ["name", "message", "code", "syscall", "cause", "errors"]) {
    try {
      found[key] = Reflect.get(foreign, key);
    } catch {}
  }
  return found;
}

function word(value: unknown): string | undefined {
  return typeof value === "string" && /^\w{1,64}$/.test(value) ? value : undefined;
}
