/** Longer names are not compared, because the work grows with the product of both lengths. */
const maxLength = 100;

/**
 * The candidate that a user most likely meant by a name that does not exist. Undefined when none is close: more than a
 * third of the letters, or more than three, would have to change.
 */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > maxLength) return undefined;
  let closest: string | undefined;
  let least = Math.min(3, Math.ceil(name.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= least) continue;
    [closest, least] = [candidate, distance];
  }
  return closest;
}

/** Formats the suggestion as a sentence with a leading space, or nothing. */
export const didYouMean = (name: string, candidates: Iterable<string>): string => {
  const closest = closestName(name, candidates);
  return closest === undefined ? "" : ` Did you mean ${closest}?`;
};

/** How many letters to insert, remove, replace or swap with their neighbour: the optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const at = (line: readonly number[] | undefined, index: number): number => line?.[index] ?? Infinity;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next.push(
        Math.min(
          at(last, column) + 1,
          at(next, column - 1) + 1,
          at(last, column - 1) + same,
          swapped ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    [before, last] = [last ?? [], next];
  }
  return last?.[b.length] ?? 0;
}
