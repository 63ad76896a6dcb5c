import {
  PubSubError,
  type SubscriptionSpec,
  type SubscriptionStatistics,
  UNKNOWN_STATISTICS,
} from "@anytopic/core/driver";
import { subscriptionIds } from "./names.ts";

/** The subscriptions on Google Cloud whose numbers are asked for, as Cloud Monitoring names them in `resource.labels.subscription_id`. */
export interface GcpStatisticsRequest {
  readonly projectId: string;
  /** The subscription as the application declares it, `"signups/mail"`. */
  readonly declared: string;
  readonly subscriptionId: string;
  /** Keeps the dead letters. */
  readonly deadLettersId: string;
  /** Keeps redriven messages until they are handled. */
  readonly redriveId: string;
}

/** Reads the numbers of one subscription from where Google has them. What it leaves out, and what is not a number from 0 up, is unknown. */
export type GcpStatisticsReader = (request: GcpStatisticsRequest) => Promise<Partial<SubscriptionStatistics>>;

const FIELDS = Object.keys(UNKNOWN_STATISTICS) as (keyof SubscriptionStatistics)[];

/** Pub/Sub itself tells no numbers: the application's reader does. */
export async function readStatistics(
  read: GcpStatisticsReader,
  projectId: string,
  prefix: string,
  spec: SubscriptionSpec,
): Promise<SubscriptionStatistics> {
  const ids = subscriptionIds(prefix, spec);
  const declared = `${spec.topic.name}/${spec.name}`;
  let found: Partial<SubscriptionStatistics>;
  try {
    found = await read({
      projectId,
      declared,
      subscriptionId: ids.subscription,
      deadLettersId: ids.deadLetters,
      redriveId: ids.redrive,
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : typeof cause;
    throw new PubSubError("UNAVAILABLE", `the statistics reader failed for subscription "${declared}": ${message}`, {
      cause,
    });
  }
  return Object.fromEntries(FIELDS.map((field) => [field, known(found?.[field])])) as unknown as SubscriptionStatistics;
}

function known(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}
