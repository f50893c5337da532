/** The middle of some figures and how far they spread: half of them lie between `low` and `high`. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export const spreadOf = (figures: readonly number[]): Spread => ({
  median: quantile(figures, 0.5),
  low: quantile(figures, 0.25),
  high: quantile(figures, 0.75),
});

export const medianOf = (figures: readonly number[]): number => quantile(figures, 0.5);

/**
 * The ratios of two series that were measured in turns, round by round: what disturbed a round disturbed both, so their
 * ratio holds where the figures themselves do not.
 */
export const ratiosOf = (left: readonly number[], right: readonly number[]): Spread =>
  spreadOf(left.map((figure, round) => figure / (right[round] ?? Number.NaN)));

/** Between the two nearest figures, as far as the quantile lies between them. */
function quantile(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
