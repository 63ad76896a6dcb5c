/** A month has 30 days everywhere in this model. */
export const MONTH_DAYS = 30;

/** What one subscription does with the messages of its topic. */
export interface SubscriptionLoad {
  readonly name: string;
  /** Mean number of retries of one message. @default 0 */
  readonly retriesPerMessage: number;
  /** Processes that run a worker of it. @default 1 */
  readonly workers: number;
  /** Mean time of a handler, in ms. @default 100 */
  readonly handlingMs: number;
  /** From the declaration, in ms. */
  readonly ackDeadlineMs: number;
  /** The share of the messages that pass its filter; 0 to 1. @default 1 */
  readonly passes: number;
  /** Messages in one request that receives, acknowledges or delays; 1 to 10. @default estimated from the rate */
  readonly fill: number | undefined;
}

/** What is published to one topic in a month. */
export interface TopicLoad {
  readonly name: string;
  readonly messagesPerMonth: number;
  /** Mean bytes of a body. @default 1024 */
  readonly bytes: number;
  /** Mean number of attributes of the user. @default 0 */
  readonly attributes: number;
  /** Mean bytes of all their keys and values together. @default 0 */
  readonly attributeBytes: number;
  /** Mean bytes of an ordering key. @default 36 on ordered topics */
  readonly orderingKeyBytes: number;
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
  /** Whether bodies are text; SQS carries other bytes as base64. */
  readonly isText: boolean;
  readonly replay: boolean;
  /** From the declaration, in ms. */
  readonly retentionMs: number;
  /** The messages come evenly during this part of the day, and none in the rest; above 0, up to 24. @default 24 */
  readonly activeHoursPerDay: number;
  /** Processes that publish. @default 1 */
  readonly publishers: number;
  /** Messages in one publish request; 1 to 10, on Google Cloud up to 500. @default estimated from the rate */
  readonly fill: number | undefined;
  readonly subscriptions: readonly SubscriptionLoad[];
}

/** Brokers that are paid by the month, and not by the message. */
export const MONTHLY_BROKERS = ["nats", "rabbitmq", "redis"] as const;
/** A broker that is paid by the month and not by use. */
export type MonthlyBroker = (typeof MONTHLY_BROKERS)[number];

/** A load, for which costs are compared. */
export interface CostLoad {
  readonly topics: readonly TopicLoad[];
  /** What a broker costs each month, as the provider or the own machines bill it. */
  readonly monthly: Readonly<Partial<Record<MonthlyBroker, number>>>;
  /** Whether to subtract what is free each month; an account has it only once. @default false */
  readonly freeTiers: boolean;
  /** Whether what SNS sends to SQS counts as requests to SQS. The price page says that deliveries are free. @default false */
  readonly snsSendsCount: boolean;
}
