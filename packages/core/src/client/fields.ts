import { parseInstant } from "@carnet/protocol/instant";
import { err, ok, type Result } from "@carnet/protocol/result";
import { parseScope } from "@carnet/protocol/scope";
import { type Cidr, parseCidr } from "./cidr.ts";

/** Parsers for the fields that operators write. Each problem says what is accepted and never repeats the value. */

export function oneOf<Choice extends string>(choices: readonly Choice[], text: string): Result<Choice, string> {
  const choice = choices.find((candidate) => candidate === text);
  return choice === undefined ? err(`must be one of: ${choices.join(", ")}`) : ok(choice);
}

/** Bounded because a token has all scopes by default and travels in a header. */
const maxScopeCharacters = 4096;

export function scopeNames(text: string): Result<readonly string[], string> {
  if (text.length > maxScopeCharacters) return err(`must have at most ${maxScopeCharacters} characters`);
  const names = parseScope(text);
  return names.ok ? names : err(names.error.description);
}

/** Bidirectional controls are refused too: they make one name look like another (Unicode TR 36 §2). */
const hasControls = (text: string): boolean => /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text);

/** Text for people: 1 to 255 characters, on one line. */
export function label(text: string): Result<string, string> {
  const printable = text.length > 0 && text.length <= 255 && text.isWellFormed() && !hasControls(text);
  return printable ? ok(text) : err("must have 1 to 255 characters and no control characters");
}

/** An instant: an RFC 3339 time, or a date, which means its first instant in UTC. */
export function instant(text: string): Result<number, string> {
  const read = parseInstant(text);
  return read === undefined ? err("must be a date like 2027-01-31, or a time like 2027-01-31T12:00:00Z") : ok(read);
}

export function futureInstant(text: string, now: number): Result<number, string> {
  const read = instant(text);
  return read.ok && read.value <= now ? err("must be in the future") : read;
}

export function addressBlocks(texts: readonly string[]): Result<readonly Cidr[], string> {
  if (texts.length > 100) return err("must have at most 100 address blocks");
  const read = texts.map(parseCidr);
  const invalid = read.find((block) => !block.ok);
  return invalid === undefined ? ok(read.flatMap((block) => (block.ok ? [block.value] : []))) : invalid;
}

export function seconds(number: number, max: number): Result<number, string> {
  const fits = Number.isInteger(number) && number >= 1 && number <= max;
  return fits ? ok(number) : err(`must be a whole number of seconds from 1 to ${max}`);
}

export const audience = (text: string): Result<string, string> =>
  /^[\x21-\x7e]{1,255}$/.test(text) ? ok(text) : err("must be 1 to 255 printable ASCII characters without spaces");

const labelName = /^[a-z0-9](?:[a-z0-9._/-]{0,61}[a-z0-9])?$/;

/** The maximum number of labels of a client. */
export const maxLabels = 32;

export function labels(given: Readonly<Record<string, string>>): Result<Readonly<Record<string, string>>, string> {
  const entries = Object.entries(given);
  if (entries.length > maxLabels) return err(`must have at most ${maxLabels} labels`);
  if (!entries.every(([name]) => labelName.test(name))) {
    return err("must have names of 1 to 63 characters from a-z, 0-9 and . _ / -, with a letter or digit at both ends");
  }
  const valid = entries.every(([, value]) => value.length <= 255 && value.isWellFormed() && !hasControls(value));
  return valid ? ok(given) : err("must have values of at most 255 characters and no control characters");
}
