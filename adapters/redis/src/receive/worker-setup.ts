import type { DeliverySink, SubscriptionSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { DueLooks } from "../publish/due-looks.ts";
import type { SubscriptionNames } from "../names.ts";

/** What the parts of one worker need. */
export interface WorkerSetup {
  readonly connection: Connection;
  readonly dueLooks: DueLooks;
  readonly names: SubscriptionNames;
  readonly spec: SubscriptionSpec;
  readonly sink: DeliverySink;
  readonly maxOutstanding: number;
}

/** A part of a worker that can fail and stop it from receiving. */
export type WorkerPart = "reads" | "tending" | "acks";
