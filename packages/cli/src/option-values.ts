import { InvalidArgumentError } from "commander";

/** Parses a whole number in plain digits. `Number` alone would also accept an empty text, 1e3 and 0x10. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** Like `wholeNumber`, but an empty value resets the setting. It stays empty because commander turns null into "" too. */
export const wholeNumberOrEmpty =
  (least: number, most: number) =>
  (text: string): number | "" =>
    text === "" ? "" : wholeNumber(least, most)(text);

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
