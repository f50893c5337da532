import { InvalidArgumentError } from "commander";

/** Reads a whole number in digits alone. `Number` would also take an empty text, 1e3 and 0x10. A wrong one is a wrong usage. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** The same of something that an empty value takes back, which stays empty: commander makes that of null too. */
export const wholeNumberOrNothing =
  (least: number, most: number) =>
  (text: string): number | "" =>
    text === "" ? "" : wholeNumber(least, most)(text);

/** For an option that can be given more than once: none of its values gets lost. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** A name and a value around an equals sign, collected. */
export function collectPairs(text: string, before: readonly string[] | undefined): readonly string[] {
  if (text.indexOf("=") < 1) throw new InvalidArgumentError("It is written name=value.");
  return collect(text, before);
}

/** Only those members that were given: what is absent is left out, and not sent as something. */
export const given = <Members extends object>(
  members: Members,
): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Members]?: Exclude<Members[Name], undefined>;
  };
