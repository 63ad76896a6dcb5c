import type { Quirk } from "@anytopic/conformance";

/** Where fauxqs differs from the documentation of AWS. It keeps nothing when it stops: see `survivesRestart`. */
export const FAUXQS_QUIRKS: readonly Quirk[] = [];

const ORDER_LINK =
  "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html";

/**
 * Where moto differs from the documentation of AWS. Its server answers requests in threads without a lock between them, and
 * a long poll decides at its start which message groups are blocked.
 */
export const MOTO_QUIRKS: readonly Quirk[] = [
  {
    test: "ordering.head-blocks-key",
    reason:
      "hands a group's next message to a second poll that began before the first message was taken; sometimes it does not",
    link: ORDER_LINK,
    kind: "emulator",
    hangs: true,
  },
  {
    test: "ordering.per-key",
    reason:
      "a long poll that began while groups were taken gets nothing of theirs until it ends, so that hot keys go on once a poll; see followers.test.ts",
    link: ORDER_LINK,
    kind: "emulator",
    hangs: true,
  },
  {
    test: "topology.update",
    reason: "SetQueueAttributes without Policy removes the queue's policy; AWS changes what is named, and nothing else",
    link: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    kind: "emulator",
  },
  {
    test: "wire.hostile",
    reason:
      "cannot hand out a message with a binary attribute that came through SNS (its MD5 of text throws), nor anything else that a call would bring with it",
    link: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html",
    kind: "emulator",
    hangs: true,
  },
  {
    test: "delivery.concurrency",
    reason: "with one receive call at a time it cannot bring 25 messages while 15 ms pass; see MOTO_RECEIVERS",
    link: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-throughput-horizontal-scaling-and-batching.html",
    kind: "emulator",
    hangs: true,
  },
];

/** One receive call at a time for each worker: with moto, two at the same time may get the same message. */
export const MOTO_RECEIVERS = 1;
