/**
 * Numbers that only go up: microseconds since 1970 where the clock allows, else one more than the last. They tell which of
 * two messages of one key was published first, also by different processes as far as their clocks agree.
 */
export function orderStamps(now: () => number): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Math.trunc(now() * 1000));
    return last;
  };
}
