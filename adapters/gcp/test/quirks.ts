import type { Quirk } from "@anytopic/conformance";

const PSTEST_SOURCE = "https://github.com/googleapis/google-cloud-go/blob/main/pubsub/pstest/fake.go";

const PSTEST: readonly Quirk[] = [
  // One counter for a message, where the service has one for each subscription.
  ...["publish.chosen-id", "delay.arrives"].map((test) => ({
    test,
    reason: "delivery_attempt counts the deliveries to all subscriptions of the topic together",
    link: PSTEST_SOURCE,
    kind: "emulator" as const,
  })),
  ...["replay.time", "replay.running-workers", "replay.retries", "replay.in-order"].map((test) => ({
    test,
    reason: "it does not seek back: messages that were delivered stay acknowledged",
    link: PSTEST_SOURCE,
    kind: "emulator" as const,
  })),
];

const EMULATOR: readonly Quirk[] = [
  {
    test: "replay.in-order",
    reason: "the emulator answers UNIMPLEMENTED to a seek of a subscription with message ordering",
    link: "https://cloud.google.com/pubsub/docs/emulator#known-limitations",
    kind: "emulator",
  },
];

/** Of the service too, and so of everything that imitates it. */
const SERVICE: readonly Quirk[] = [
  {
    test: "replay.in-flight",
    reason:
      "the service tells no worker of a seek: a message that a worker has at the time stays with it, and counts as handled when it succeeds",
    link: "https://cloud.google.com/pubsub/docs/replay-overview#eventual-consistency",
    kind: "broker",
  },
];

/** What an implementation of Pub/Sub cannot show, each with its reason. */
export function quirksOf(implementation: string): readonly Quirk[] {
  return [...SERVICE, ...(implementation === "pstest" ? PSTEST : implementation === "gcp-emulator" ? EMULATOR : [])];
}
