import type { Topology } from "./topology.ts";

/** The smallest set of permissions on the broker that one role needs. */
export interface ExportedPolicy {
  /** `"publisher"`: publishes to one topic. `"subscriber"`: runs workers of one subscription. `"operator"`: reads, redrives and purges its dead letters. No role may create or delete what `apply` creates. */
  readonly role: "publisher" | "subscriber" | "operator";
  /** `signups`, or `signups/send-welcome-email`. */
  readonly of: string;
  /** In the broker's own format: an IAM policy, role bindings, permissions. */
  readonly document: unknown;
}

/** Describes a topology in the formats of other tools. Contacts nobody. */
export interface TopologyExporter {
  /** A Terraform configuration in JSON syntax that creates what `apply` would. Absent where Terraform cannot do that. */
  terraform?(topology: Topology): Readonly<Record<string, unknown>>;
  policies(topology: Topology): readonly ExportedPolicy[];
}
