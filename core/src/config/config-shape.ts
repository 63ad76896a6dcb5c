/** What a value in the configuration may be: the source of both the checker and the published JSON Schema. */
export type Shape =
  | ObjectShape
  | {
      readonly kind: "map";
      readonly keys: NameRule;
      readonly values: Shape;
      readonly what: string;
    }
  | { readonly kind: "list"; readonly items: Shape; readonly what: string; readonly minItems: number }
  | { readonly kind: "text"; readonly what: string; readonly rule?: NameRule; readonly secret?: boolean }
  | { readonly kind: "choice"; readonly choices: readonly string[]; readonly what: string }
  | {
      readonly kind: "integer";
      readonly min: number;
      readonly max: number;
      readonly unit?: string;
      readonly orInfinity?: boolean;
      readonly what: string;
    }
  | { readonly kind: "number"; readonly min: number; readonly max: number; readonly what: string }
  /** The adapter's own options: checked by the adapter. */
  | { readonly kind: "free"; readonly what: string };

export interface ObjectShape {
  readonly kind: "object";
  readonly properties: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly what: string;
}

export interface NameRule {
  readonly pattern: RegExp;
  /** Ends the sentence "must be …". */
  readonly words: string;
}

const HOUR_MS = 3_600_000;

const DECLARED: NameRule = {
  pattern: /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
  words:
    "1 to 63 lower-case letters, digits and hyphens that begin with a letter and do not end with a hyphen, as declared",
};
const CONNECTION: NameRule = {
  pattern: /^[A-Za-z][-A-Za-z0-9_]{0,62}$/,
  words: 'the name of a connection: 1 to 63 letters, digits, "-" and "_" that begin with a letter',
};
/** What every broker takes as it is: no adapter has to change it, so two names are the same resource only when they are equal. */
const PHYSICAL: NameRule = {
  pattern: /^[A-Za-z][-A-Za-z0-9_]{0,62}$/,
  words: '1 to 63 letters, digits, "-" and "_" that begin with a letter, which every broker takes',
};
/** As `requireSecret` wants it. */
const SECRET: NameRule = { pattern: /^[^]{32,256}$/, words: "text of 32 to 256 characters, best random ones" };
const NOT_EMPTY: NameRule = { pattern: /[^]/, words: "text that is not empty" };

const connectionName = (what: string): Shape => ({ kind: "text", rule: CONNECTION, what });
const physicalName: Shape = {
  kind: "text",
  rule: PHYSICAL,
  what: "The name on the broker. Default: the declared name.",
};
const milliseconds = (min: number, max: number, what: string): Shape => ({
  kind: "integer",
  min,
  max,
  unit: "ms",
  what,
});

const retryPolicy: ObjectShape = {
  kind: "object",
  what: "Replaces parts of the declared retry policy.",
  properties: {
    minBackoffMs: milliseconds(0, 12 * HOUR_MS, "Delay before the second attempt, in ms."),
    maxBackoffMs: milliseconds(0, 12 * HOUR_MS, "Upper bound of the delay, in ms; at least minBackoffMs."),
    maxRetries: {
      kind: "integer",
      min: 0,
      max: 1_000_000,
      orInfinity: true,
      what: 'Retries after the first attempt; "Infinity" for no end.',
    },
    jitter: {
      kind: "number",
      min: 0,
      max: 1,
      what: "Each delay is lengthened by a random share of itself, up to this one.",
    },
  },
};

const subscription: ObjectShape = {
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
    maxConcurrency: { kind: "integer", min: 1, max: 100_000, what: "Handlers at the same time in one worker." },
    prefetch: { kind: "integer", min: 0, max: 100_000, what: "Messages fetched ahead of free handlers." },
    ackDeadlineMs: milliseconds(1000, 600_000, "The lease of one delivery, in ms."),
    maxHandlingMs: milliseconds(1000, 12 * HOUR_MS, "The longest time one attempt may take, in ms."),
    retryPolicy,
  },
};

const topic: ObjectShape = {
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
export const configShape: ObjectShape = {
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
            what: "memory:, nats://host, amqp://host, aws://region, gcp://project, … Keep passwords in variables: ${BROKER_URL}.",
          },
          options: { kind: "free", what: "The adapter's options beyond its URL, see its README." },
        },
      },
    },
    provisioning: {
      kind: "choice",
      choices: ["ensure", "verify", "off"],
      what: '"ensure" creates what is missing, "verify" refuses to start when something is missing or differs, "off" asks nobody.',
    },
    publish: {
      kind: "object",
      what: "Limits of publishing, per topic.",
      properties: {
        maxPending: { kind: "integer", min: 1, max: 100_000, what: "Publishes under way; further ones wait." },
        maxWaiting: { kind: "integer", min: 0, max: 10_000_000, what: "Publishes that wait; further ones reject." },
        timeoutMs: milliseconds(100, 600_000, "How long a publish may take, in ms."),
        idSecret: {
          kind: "text",
          rule: SECRET,
          secret: true,
          what: "Signs the ids of messages, so that nobody else can take one first. The same for every publisher. Keep it in a variable: ${ID_SECRET}.",
        },
      },
    },
    closeTimeoutMs: milliseconds(0, HOUR_MS, "How long closing waits for running handlers, in ms."),
    topics: { kind: "map", keys: DECLARED, values: topic, what: "By the declared name of the topic." },
    declarations: {
      kind: "list",
      minItems: 0,
      items: { kind: "text", rule: NOT_EMPTY, what: "A path relative to this file." },
      what: "Modules that export the declarations, for the command line.",
    },
  },
};
