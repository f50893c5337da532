/** The few statistics by which times are compared. All by rank: a time that was cut into by another process is no more than late. */

export function median(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

/** How far the second distribution lies above the first: the mean distance of their quantiles from 10 % to 60 %. */
export function shiftOf(reference: readonly number[], other: readonly number[]): number {
  const low = ascending(reference);
  const high = ascending(other);
  let sum = 0;
  for (const share of shares) sum += quantile(high, share) - quantile(low, share);
  return sum / shares.length;
}

// The slow end is left out: it shows what else the machine did
const shares = Array.from({ length: 51 }, (_, at) => 0.1 + at / 100);

/** Of the mean of independent estimates. */
export function standardError(estimates: readonly number[]): number {
  const mean = estimates.reduce((sum, value) => sum + value, 0) / estimates.length;
  const squares = estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (estimates.length - 1) / estimates.length);
}

/** The chance that one of the second sample is greater than one of the first: the Mann-Whitney statistic over both sizes. */
export function superiority(reference: readonly number[], other: readonly number[]): number {
  const all = [
    ...reference.map((value) => ({ value, isOther: false })),
    ...other.map((value) => ({ value, isOther: true })),
  ].sort((left, right) => left.value - right.value);
  const ranks = all.reduce((sum, { isOther }, at) => (isOther ? sum + at + 1 : sum), 0);
  return (ranks - (other.length * (other.length + 1)) / 2) / (reference.length * other.length);
}

const ascending = (values: readonly number[]): number[] => [...values].sort((left, right) => left - right);

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
