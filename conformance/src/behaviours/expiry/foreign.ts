import { EXPIRES_ATTRIBUTE } from "@anytopic/core/driver";
import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

/** What no time is. The broker's own client may write all of them. */
const NO_TIMES = ["never", "-5", "1e3", "99999999999999999999"];

export const foreign: Behaviour = behaviour({
  id: "expiry.foreign",
  rows: [34, 37],
  statements: ["C29", "C33", "C41"],
  title: "a plain client may say when its message expires; what is no time does no harm, and handlers do not see it",
  tier: "full",
  needs: ["foreign"],
  requires: outsideThisProcess,
  async run(context) {
    const plain = context.harness.foreign;
    check(plain !== undefined, "harness.foreign");
    const { pubsub, topic, subscription } = await context.pair();
    const seen: { readonly says: string; readonly expiresAt: Date | undefined; readonly keys: string[] }[] = [];
    await pubsub.subscribe(subscription, (event: unknown, { expiresAt, attributes }) => {
      seen.push({ says: (event as { readonly says: string }).says, expiresAt, keys: Object.keys(attributes) });
    });
    const publish = (says: string): Promise<unknown> =>
      plain.publish(topic.name, {
        body: Buffer.from(JSON.stringify({ says })),
        attributes: { [EXPIRES_ATTRIBUTE]: says },
      });
    const laterMs = Date.now() + 3_600_000;
    await publish("1000");
    for (const says of [...NO_TIMES, String(laterMs)]) await publish(says);

    await context.eventually(
      () => seen.length >= NO_TIMES.length + 1,
      () => `every message that has not expired; there are ${seen.length}`,
    );
    await context.eventually(() => context.log.observed("skipped").length === 1, "the expired one to be skipped");
    await context.quiet();
    equal(seen.map(({ says }) => says).toSorted(), [...NO_TIMES, String(laterMs)].toSorted(), "what the handler got");
    for (const { says, expiresAt, keys } of seen) {
      equal(expiresAt, says === String(laterMs) ? new Date(laterMs) : undefined, `expiresAt of ${says}`);
      check(!keys.includes(EXPIRES_ATTRIBUTE), "the reserved attribute to be hidden");
    }
    check((await pubsub.deadLetters(subscription).count()) === 0, "no dead letter");
  },
});
