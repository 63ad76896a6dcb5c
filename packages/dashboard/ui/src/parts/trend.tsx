import type { JSX } from "preact";
import { shownRate } from "./format.ts";

/** Less than this a minute is standing still. */
const STILL_PER_MIN = 0.5;

/** Whether a backlog grows or shrinks; nothing when it stands still, or when nobody knows. */
export function Trend({ perMin }: { readonly perMin: number | null }): JSX.Element | null {
  if (perMin === null || Math.abs(perMin) < STILL_PER_MIN) return null;
  const words = `${perMin > 0 ? "grows" : "shrinks"} by ${shownRate(Math.abs(perMin))} a minute`;
  return (
    <span class="quiet" title={words}>
      <span aria-hidden="true">{perMin > 0 ? "▲" : "▼"}</span>
      <span class="sr-only">{words}</span>
    </span>
  );
}
