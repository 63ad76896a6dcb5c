import type { DriftState, DriftSummary } from "./overview.ts";
import type { WireFailure } from "./numbers.ts";

/** `GET /api/plan`; with `?fresh=1` the broker is asked again. */
export interface Plan extends DriftSummary {
  /** Declarations that differ. */
  readonly declarations: readonly DriftedDeclaration[];
  /** What could not be compared. */
  readonly failures: readonly (WireFailure & { readonly connections: readonly string[] })[];
  /** What cannot be seen on a connection, and how to look at it by hand. */
  readonly blindSpots: readonly { readonly connection: string; readonly text: string }[];
}

export interface DriftedDeclaration {
  /** `topic` or `topic/subscription`. */
  readonly declaration: string;
  readonly kind: "topic" | "subscription";
  readonly state: DriftState;
  readonly changes: readonly Difference[];
}

export interface Difference {
  readonly connection: string;
  readonly action: "create" | "update" | "replace";
  readonly resource: string;
  readonly detail: string;
}
