import { parseCidr } from "@carnet/core/client/cidr";
import { closestName } from "@carnet/protocol/did-you-mean";
import { type DurationUnit, durationRange, parseDuration } from "@carnet/protocol/duration";
import { parseInstant } from "@carnet/protocol/instant";
import { parseTimeOrAgo, timeOrAgoForms } from "@carnet/protocol/time-or-ago";
import { InvalidArgumentError, Option } from "commander";

/** Parses a whole number in plain digits. `Number` alone would also accept an empty text, 1e3 and 0x10. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** Parses a time span such as `7d`, in the unit that the admin API expects. A plain number is in that unit. */
export const duration =
  (least: number, most: number, unit: DurationUnit = "s") =>
  (text: string): number => {
    const value = parseDuration(text, unit);
    if (value !== undefined && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be ${durationRange(least, most, unit)}.`);
  };

/** Like `duration`, but an empty value resets the setting. It stays empty because commander turns null into "" too. */
export const durationOrEmpty =
  (least: number, most: number) =>
  (text: string): number | "" =>
    text === "" ? "" : duration(least, most)(text);

/** Checks a time, which stays as the user wrote it. An empty value resets the setting. */
export function timeOrEmpty(text: string): string {
  if (text === "" || parseInstant(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be a date or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z.");
}

/** Checks a time or a duration ago, which stays as the user wrote it: the service knows what time it is. */
export function timeOrAgo(text: string): string {
  if (parseTimeOrAgo(text, 0) !== undefined) return text;
  throw new InvalidArgumentError(`It must be ${timeOrAgoForms}.`);
}

/** A repeatable option for known names, with a suggestion for a mistyped one. */
export const knownNames = (flags: string, description: string, names: readonly string[]): Option =>
  new Option(flags, description).choices(names).argParser((text, before: readonly string[] | undefined) => {
    if (names.includes(text)) return collect(text, before);
    const meant = closestName(text, names);
    throw new InvalidArgumentError(
      meant === undefined ? `Allowed choices are ${names.join(", ")}.` : `Did you mean ${meant}?`,
    );
  });

/** An option with choices. An empty value resets the setting. */
export const choiceOrEmpty = (flags: string, description: string, choices: readonly string[]): Option =>
  new Option(flags, description).choices(choices).argParser((text) => {
    if (text === "" || choices.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
  });

/** Collects address blocks, separated by commas in each value. */
export function collectBlocks(text: string, before: readonly string[] | undefined): readonly string[] {
  const blocks = text.split(",").map((block) => block.trim());
  const wrong = blocks.map((block) => (block === "" ? undefined : parseCidr(block))).find((read) => read?.ok === false);
  if (wrong?.ok === false) throw new InvalidArgumentError(`${wrong.error}.`);
  return [...(before ?? []), ...blocks.filter((block) => block !== "")];
}

/** Collects the values of a repeatable option. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** Collects values of the form name=value. */
export function collectPairs(text: string, before: readonly string[] | undefined): readonly string[] {
  if (text.indexOf("=") < 1) throw new InvalidArgumentError("It must have the form name=value.");
  return collect(text, before);
}

/** Removes undefined members. */
export const definedOnly = <Members extends object>(
  members: Members,
): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Members]?: Exclude<Members[Name], undefined>;
  };

/** An empty flag resets a setting, which the admin API does for null. */
export const emptyIsNull = <Value extends string | number>(value: Value | "" | undefined): Value | null | undefined =>
  value === "" ? null : value;
