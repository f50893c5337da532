import { invalid } from "../errors/invalid-request-error.ts";

const lettersOf = (name: string): string =>
  name
    .slice(name.lastIndexOf(".") + 1)
    .replaceAll(/[^a-z]/gi, "")
    .toLowerCase();

/** The known name that is most likely meant: equal but for case and punctuation, or else longer or shorter at its end. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const letters = lettersOf(name);
  return (
    known.find((each) => lettersOf(each) === letters) ??
    known.find((each) => {
      const other = lettersOf(each);
      return letters && other && (other.startsWith(letters) || letters.startsWith(other));
    })
  );
}

/**
 * Refuses unknown names, because a misspelt option would be ignored otherwise.
 * @param known an object with all names, so that the compiler can compare them with the interface
 */
export function checkNames(given: object, known: object, path = ""): void {
  const names = Object.keys(known);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const meant = similarName(name, names);
    throw invalid(
      path + name,
      meant ? `is unknown (did you mean \`${meant}\`?)` : `is unknown. Known: ${names.join(", ")}`,
    );
  }
}
