/**
 * How many messages share a request, when the first one waits `windowMs` for others, and each process sees `perSecond`.
 * Between 1 and `most`. It grows more slowly than the rate, so more messages never make fewer requests.
 */
export function estimatedFill(perSecond: number, windowMs: number, most: number): number {
  return Math.min(most, 1 + (perSecond * windowMs) / 1000);
}

/**
 * What `counted` gives for one request on average, where requests have `fill` messages on average: those of the whole numbers below
 * and above it, in the mixture that has this mean.
 */
export function perRequest(fill: number, counted: (messages: number) => number): number {
  const below = Math.floor(fill);
  const share = fill - below;
  return share === 0 ? counted(below) : (1 - share) * counted(below) + share * counted(below + 1);
}
