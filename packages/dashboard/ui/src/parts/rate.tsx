import type { JSX } from "preact";
import { shownRate } from "./format.ts";
import { Unknown } from "./unknown.tsx";

/** So many a minute, as observed. */
export function Rate({ perMin, why }: { readonly perMin: number | null; readonly why: string }): JSX.Element {
  return perMin === null ? <Unknown why={why} /> : <>{shownRate(perMin)}</>;
}

/** Why there is no rate. */
export function whyNoRate(isObserved: boolean, hasFilter = false): string {
  if (!isObserved) return "start the services with the observer to see rates";
  if (hasFilter) return "how much its filter lets pass is not known";
  return "no service with the observer was seen to do this yet";
}
