import { type DurationUnit, durationRange, parseDuration } from "@carnet/protocol/duration";
import { InvalidArgumentError } from "commander";

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
