import type { Command } from "../command.ts";
import { apply } from "./apply.ts";
import { archive } from "./archive.ts";
import { completion } from "./completion.ts";
import { dashboard } from "./dashboard.ts";
import { cost } from "./cost.ts";
import { destroy } from "./destroy.ts";
import { dlqList } from "./dlq-list.ts";
import { dlqPeek } from "./dlq-peek.ts";
import { dlqPurge } from "./dlq-purge.ts";
import { dlqRedrive } from "./dlq-redrive.ts";
import { doctor } from "./doctor.ts";
import { exportMermaid } from "./export-mermaid.ts";
import { exportPolicies } from "./export-policies.ts";
import { exportTables } from "./export-tables.ts";
import { exportTerraform } from "./export-terraform.ts";
import { outboxDrop } from "./outbox-drop.ts";
import { outboxList } from "./outbox-list.ts";
import { outboxRetry } from "./outbox-retry.ts";
import { plan } from "./plan.ts";
import { publish } from "./publish.ts";
import { relay } from "./relay.ts";
import { replay } from "./replay.ts";
import { scheduledCancel } from "./scheduled-cancel.ts";
import { scheduledList } from "./scheduled-list.ts";
import { seek } from "./seek.ts";
import { stats } from "./stats.ts";
import { tail } from "./tail.ts";
import { topics } from "./topics.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = Object.freeze([
  doctor,
  topics,
  plan,
  apply,
  destroy,
  publish,
  scheduledList,
  scheduledCancel,
  tail,
  stats,
  dashboard,
  cost,
  seek,
  archive,
  replay,
  dlqList,
  dlqPeek,
  dlqRedrive,
  dlqPurge,
  relay,
  outboxList,
  outboxRetry,
  outboxDrop,
  exportTerraform,
  exportTables,
  exportPolicies,
  exportMermaid,
  completion,
]);
