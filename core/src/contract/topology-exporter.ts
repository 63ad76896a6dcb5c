import type { Topology } from "./topology.ts";

/** The least that one role needs on the broker, and nothing more. */
export interface ExportedPolicy {
  /** `"publisher"`: publishes to one topic. `"subscriber"`: works on one subscription. `"operator"`: looks at, redrives and purges its dead letters. None of them may create or delete anything that `apply` makes. */
  readonly role: "publisher" | "subscriber" | "operator";
  /** `signups`, or `signups/send-welcome-email`. */
  readonly of: string;
  /** In the broker's own form: an IAM policy, role bindings, permissions. */
  readonly document: unknown;
}

/** What an adapter writes about a topology. Contacts nobody. */
export interface TopologyExporter {
  /** A Terraform configuration in JSON syntax that creates what `apply` would. Absent where that cannot be said in Terraform. */
  terraform?(topology: Topology): Readonly<Record<string, unknown>>;
  policies(topology: Topology): readonly ExportedPolicy[];
}
