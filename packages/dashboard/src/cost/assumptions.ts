import type { BrokerName } from "./compare-costs.ts";

/** What the model takes for granted, for people who want to know what a sum is worth. */
export const ASSUMPTIONS: Readonly<Record<BrokerName | "all", readonly string[]>> = {
  all: [
    "A month has 30 days. Messages come evenly during the active hours of a day.",
    "Not counted: traffic to other regions and the internet, encryption keys (KMS), discounts, volume prices, support, dead letters, and your own machines and databases (inbox, outbox, schedule).",
    "Free tiers belong to a whole account, and are subtracted only on request.",
  ],
  aws: [
    "Topics that are ordered or exactly-once are FIFO topics and FIFO queues; all others are standard.",
    "A message is its body, its attributes, and our attribute with id and time (80 bytes). Bodies that are not text travel as base64.",
    "Up to 10 messages share a publish request: those that come within 5 ms in one process. Up to 10 share a request that acknowledges, delays or renews: those within 20 ms in one worker.",
    "Messages that come within 10 ms share an answer to a poll: a round trip, assumed and not measured.",
    "An idle worker has one poll open, of 20 s. A short pollWaitSeconds costs more.",
    "A lease is renewed each third of the ack deadline while its handler runs; a message starts as soon as it is received.",
    "SNS applies filters, free of charge, as far as they fit its filter policies; anytopic doctor says where they do not.",
    "After a failure in a FIFO group with followers, messages come one by one for a while: not counted.",
    "Whether what SNS sends to SQS also counts as requests to SQS could not be verified. The price page calls deliveries free, so it does not, unless you choose otherwise.",
    "Fair queues have a surcharge; the adapter does not use them.",
  ],
  gcp: [
    "A message is its body, its attributes, our id attribute (47 bytes), 20 bytes for its time, the service's id (17 bytes), and its ordering key.",
    "Messages share a publish request when they are published in the same turn of the event loop, which is not assumed. With an ordering key each has a request of its own.",
    "Messages that come within 2 ms share an answer to a pull. Empty answers carry no data and count nothing.",
    "Acknowledgements and renewals cost nothing. A retry is one more delivery.",
    "The worker applies filters, so all messages are delivered. With filtersAtService the service still charges for what it holds back.",
    "With replay, each subscription keeps acknowledged messages for the retention of its topic.",
    "Messages that wait unacknowledged for more than 24 h cost storage too: not counted.",
  ],
  nats: ["A monthly sum, as you give it."],
  rabbitmq: ["A monthly sum, as you give it."],
  redis: ["A monthly sum, as you give it."],
};
