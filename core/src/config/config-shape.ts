import { BATCH_LIMITS } from "../options/batch-limits.ts";
import { CIRCUIT_LIMITS } from "../declare/circuit-policy.ts";
import { DECLARED_NAME } from "../declare/declared-name.ts";
import { RATE_LIMITS } from "../declare/rate-limit.ts";
import { RETRY_LIMITS } from "../declare/retry-policy.ts";
import { ON_EXPIRED, PREFETCH_LIMITS, SUBSCRIPTION_LIMITS } from "../declare/subscription.ts";
import { CLOSE_TIMEOUT_LIMITS, PROVISIONING } from "../options/connect-limits.ts";
import type { NumberRange } from "../options/option-checks.ts";
import { ID_SECRET_LENGTH, ID_SECRET_WORDS, PUBLISH_LIMITS } from "../options/publish-limits.ts";
import type { AnytopicConfig, SubscriptionConfig, TopicConfig } from "./config-types.ts";
import type { IntegerShape, NameRule, ShapeOf, TextShape } from "./shape.ts";

const DECLARED: NameRule = {
  pattern: DECLARED_NAME,
  words:
    "1 to 63 lower-case letters, digits and hyphens that begin with a letter and do not end with a hyphen, as declared",
};
const CONNECTION: NameRule = {
  pattern: /^[A-Za-z][-A-Za-z0-9_]{0,62}$/,
  words: 'the name of a connection: 1 to 63 letters, digits, "-" and "_" that begin with a letter',
};
/** Names that every broker accepts unchanged, so that two different names are never one resource. */
const PHYSICAL: NameRule = {
  pattern: /^[A-Za-z][-A-Za-z0-9_]{0,62}$/,
  words: '1 to 63 letters, digits, "-" and "_" that begin with a letter, which every broker takes',
};
/** The same rule as in `requireSecret`. */
const SECRET: NameRule = {
  pattern: new RegExp(`^[^]{${ID_SECRET_LENGTH.min},${ID_SECRET_LENGTH.max}}$`),
  words: ID_SECRET_WORDS,
};
const NOT_EMPTY: NameRule = { pattern: /[^]/, words: "text that is not empty" };

const integer = (limits: NumberRange, what: string): IntegerShape => ({ kind: "integer", limits, what });
const connectionName = (what: string): TextShape => ({ kind: "text", rule: CONNECTION, what });
const physicalName: TextShape = {
  kind: "text",
  rule: PHYSICAL,
  what: "The name on the broker. Default: the declared name.",
};

const retryPolicy: ShapeOf<NonNullable<SubscriptionConfig["retryPolicy"]>> = {
  kind: "object",
  what: "Replaces parts of the declared retry policy.",
  properties: {
    minBackoffMs: integer(RETRY_LIMITS.minBackoffMs, "Delay before the second attempt, in ms."),
    maxBackoffMs: integer(RETRY_LIMITS.maxBackoffMs, "Upper bound of the delay, in ms; at least minBackoffMs."),
    maxRetries: integer(RETRY_LIMITS.maxRetries, 'Retries after the first attempt; "Infinity" for no end.'),
    jitter: {
      kind: "number",
      limits: RETRY_LIMITS.jitter,
      what: "Each delay is lengthened by a random share of itself, up to this one.",
    },
  },
};

const rate: ShapeOf<NonNullable<SubscriptionConfig["rate"]>> = {
  kind: "object",
  required: ["max", "perMs"],
  what: "At most max attempts start in any span of perMs in one worker.",
  properties: {
    max: integer(RATE_LIMITS.max, "Attempts that may start, retries too."),
    perMs: integer(RATE_LIMITS.perMs, "In this time, in ms."),
  },
};

const circuit: ShapeOf<NonNullable<SubscriptionConfig["circuit"]>> = {
  kind: "object",
  what: "Stops starting messages after failures in a row. Replaces parts of the declared circuit.",
  properties: {
    failures: integer(CIRCUIT_LIMITS.failures, "Failed attempts in a row that open it."),
    openMs: integer(CIRCUIT_LIMITS.openMs, "How long it stays open before it tries again, in ms."),
    maxOpenMs: integer(CIRCUIT_LIMITS.maxOpenMs, "The longest time that it stays open, in ms; at least openMs."),
    probes: integer(CIRCUIT_LIMITS.probes, "Messages that start when it tries again, and must succeed."),
  },
};

const subscription: ShapeOf<SubscriptionConfig> = {
  kind: "object",
  what: "What it names replaces what the declaration of the subscription says.",
  properties: {
    connections: {
      kind: "list",
      minItems: 1,
      items: connectionName("A connection of this file."),
      what: "Connections that a worker takes from at the same time; several while a topic moves. Default: the topic's connection.",
    },
    name: physicalName,
    maxConcurrency: integer(SUBSCRIPTION_LIMITS.maxConcurrency, "Handlers at the same time in one worker."),
    prefetch: integer(PREFETCH_LIMITS, "Messages fetched ahead of free handlers."),
    ackDeadlineMs: integer(SUBSCRIPTION_LIMITS.ackDeadlineMs, "The lease of one delivery, in ms."),
    maxHandlingMs: integer(SUBSCRIPTION_LIMITS.maxHandlingMs, "The longest time one attempt may take, in ms."),
    retryPolicy,
    batch: {
      kind: "object",
      what: "Replaces parts of what the code says about batches, where its handler takes batches.",
      properties: {
        maxMessages: integer(BATCH_LIMITS.maxMessages, "The largest number of messages of one call."),
        maxWaitMs: integer(BATCH_LIMITS.maxWaitMs, "How long the first message of a batch waits for others, in ms."),
      },
    },
    onExpired: {
      kind: "choice",
      choices: ON_EXPIRED,
      what: 'What becomes of a message that was not handled before its expiresAt: "drop" acknowledges it, "dead-letter" keeps it.',
    },
    filter: {
      kind: "filter",
      what: "Which messages it takes: a condition for each attribute's key. Replaces the whole declared filter.",
    },
    rate,
    circuit,
  },
};

const topic: ShapeOf<TopicConfig> = {
  kind: "object",
  what: "Where one topic lives, and what differs from its declaration.",
  properties: {
    connection: connectionName("The connection of this topic. Default: the default connection."),
    mirror: connectionName("A second connection that every event is published to as well, while a topic moves."),
    name: physicalName,
    subscriptions: {
      kind: "map",
      keys: DECLARED,
      values: subscription,
      what: "By the declared name of the subscription.",
    },
  },
};

/** The whole file. */
export const configShape: ShapeOf<AnytopicConfig> = {
  kind: "object",
  what: "Which broker serves which topic, for anytopic.",
  properties: {
    $schema: { kind: "text", what: "Where editors find this schema." },
    default: connectionName("The connection of everything that names none. Default: the only connection there is."),
    connections: {
      kind: "map",
      keys: CONNECTION,
      what: "Brokers by name.",
      values: {
        kind: "object",
        required: ["url"],
        what: "One broker.",
        properties: {
          url: {
            kind: "text",
            rule: NOT_EMPTY,
            secret: true,
            what: "memory:, nats://host, amqp://host, redis://host, aws://region, gcp://project, … Keep passwords in variables: ${BROKER_URL}.",
          },
          options: { kind: "free", what: "The adapter's options beyond its URL, see its README." },
        },
      },
    },
    provisioning: {
      kind: "choice",
      choices: PROVISIONING,
      what: '"ensure" creates what is missing, "verify" refuses to start when something is missing or differs, "off" asks nobody.',
    },
    publish: {
      kind: "object",
      what: "Limits of publishing, per topic.",
      properties: {
        maxPending: integer(PUBLISH_LIMITS.maxPending, "Publishes under way; further ones wait."),
        maxWaiting: integer(PUBLISH_LIMITS.maxWaiting, "Publishes that wait; further ones reject."),
        timeoutMs: integer(PUBLISH_LIMITS.timeoutMs, "How long a publish may take, in ms."),
        idSecret: {
          kind: "text",
          rule: SECRET,
          secret: true,
          what: "Signs the ids of messages, so that nobody else can take one first. The same for every publisher. Keep it in a variable: ${ID_SECRET}.",
        },
      },
    },
    closeTimeoutMs: integer(CLOSE_TIMEOUT_LIMITS, "How long closing waits for running handlers, in ms."),
    topics: { kind: "map", keys: DECLARED, values: topic, what: "By the declared name of the topic." },
    declarations: {
      kind: "list",
      minItems: 0,
      items: { kind: "text", rule: NOT_EMPTY, what: "A path relative to this file." },
      what: "Modules that export the declarations, for the command line.",
    },
  },
};
