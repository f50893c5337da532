/** The median and the quartiles of some figures. */
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
 * The ratios of two series, round by round. What disturbs a round disturbs both series, so ratios are more stable than the
 * figures themselves.
 */
export const ratiosOf = (left: readonly number[], right: readonly number[]): Spread =>
  spreadOf(left.map((figure, round) => figure / (right[round] ?? Number.NaN)));

/** The quantile, interpolated linearly. */
function quantile(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
