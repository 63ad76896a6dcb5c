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

/** What an implementation of Pub/Sub cannot show, each with its reason. */
export function quirksOf(implementation: string): readonly Quirk[] {
  return implementation === "pstest" ? PSTEST : [];
}
