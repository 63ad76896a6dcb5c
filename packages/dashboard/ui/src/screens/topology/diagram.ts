import type { SubscriptionState } from "../../../../src/api/overview.ts";

export interface DiagramNode {
  readonly id: string;
  readonly kind: "service" | "topic" | "subscription" | "letters" | "more";
  readonly column: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly title: string;
  /** A second, quiet line. */
  readonly detail: string;
  /** At the right: a number. */
  readonly value: string;
  readonly state: SubscriptionState | undefined;
  /** `undefined` for what is a button. */
  readonly to: string | undefined;
  /** The topic whose other subscriptions the button shows. */
  readonly opens?: string;
  /** All of it, for screen readers and as a tooltip. */
  readonly label: string;
}

export interface DiagramEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly path: string;
  /** In pixels. */
  readonly width: number;
  readonly isTrouble: boolean;
}

export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
  readonly height: number;
  readonly columns: readonly { readonly title: string; readonly x: number }[];
}
