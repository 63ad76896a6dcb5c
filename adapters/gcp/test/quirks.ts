import type { Quirk } from "@anytopic/conformance";

/** One counter for a message, where the service has one for each subscription. */
const PSTEST: readonly Quirk[] = [
  {
    test: "publish.chosen-id",
    reason: "delivery_attempt counts the deliveries to all subscriptions of the topic together",
    link: "https://github.com/googleapis/google-cloud-go/blob/main/pubsub/pstest/fake.go",
    kind: "emulator",
  },
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
