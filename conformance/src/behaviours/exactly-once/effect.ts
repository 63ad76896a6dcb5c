import { behaviour, exactlyOnce, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { forwardDelivery, forwardDriver, openWrappedSubscriber } from "../../intercept.ts";

export const effect: Behaviour = behaviour({
  id: "exactly-once.failed-attempts",
  rows: [31],
  statements: ["C21"],
  title:
    "each message of an exactly-once topic succeeds once; a failed attempt runs again, and is not treated as a duplicate",
  tier: "smoke",
  requires: exactlyOnce,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, { deliveryGuarantee: "exactly-once" });
    const collector = await context.collect(pubsub, subscription, {
      handle({ item, attempt }) {
        if (item.seq % 2 === 0 && attempt < 3) throw new Error("fails before its effect");
      },
    });

    const sent = await context.publish(pubsub, topic, 20);

    await collector.completes(sent.map(({ id }) => id));
    await context.quiet();
    for (const { id, item } of sent) {
      equal(
        collector.runsOf(id).map(({ outcome }) => outcome),
        item.seq % 2 === 0 ? ["failed", "failed", "ok"] : ["ok"],
        `the outcomes of seq ${item.seq}`,
      );
    }
  },
});

export const lostAck: Behaviour = behaviour({
  id: "exactly-once.lost-acks",
  rows: [31],
  statements: ["C21"],
  title: "when an acknowledgement is lost and the message is redelivered, its handler does not run a second time",
  tier: "full",
  requires: ({ exactlyOnce: how }) =>
    how === "inbox"
      ? undefined
      : `exactlyOnce "${how}": the broker's confirmed ack is what success means, see exactly-once.unconfirmed-acks`,
  async run(context) {
    let lose = true;
    const { topic, subscription } = await context.pair(
      { ackDeadlineMs: context.shortLeaseMs },
      { deliveryGuarantee: "exactly-once" },
    );
    const lossy = await context.open({
      closeTimeoutMs: 100,
      intercept: (driver) =>
        forwardDriver(driver, {
          openSubscriber: (spec, sink, options) =>
            openWrappedSubscriber(driver, spec, sink, options, {
              // The acknowledgement reports success, but the message is released.
              wrap: (delivery) =>
                forwardDelivery(delivery, {
                  ack: () =>
                    lose ? (delivery.owner.retry(delivery, 0) ?? Promise.resolve()) : delivery.owner.ack(delivery),
                }),
            }),
        }),
    });
    const collector = await context.collect(lossy, subscription);

    const sent = await context.publish(lossy, topic, 10);
    await collector.completes(sent.map(({ id }) => id));
    await context.eventually(
      () => context.traffic.settles.ack >= 20,
      "every message to be redelivered and acknowledged again",
    );
    lose = false;
    await context.quiet();

    equal(collector.received.length, 10, "handler runs");
  },
});

export const unconfirmed: Behaviour = behaviour({
  id: "exactly-once.unconfirmed-acks",
  rows: [31],
  statements: ["C13", "C21"],
  title:
    "on an exactly-once topic an ack resolves only when the broker has confirmed it, and a confirmed message is never redelivered",
  tier: "full",
  requires: exactlyOnce,
  async run(context) {
    const ackDeadlineMs = context.shortLeaseMs;
    const { pubsub, topic, subscription } = await context.pair(
      { ackDeadlineMs },
      { deliveryGuarantee: "exactly-once" },
    );
    const sent = await context.publish(pubsub, topic, 20);
    const confirmed: string[] = [];

    for await (const delivery of pubsub.deliveries(subscription)) {
      equal(await delivery.ack(), "settled", "the outcome of an ack");
      confirmed.push(delivery.id);
      if (confirmed.length === 20) break;
    }
    await pubsub.close();

    const later = await context.collect(await context.open(), subscription);
    await context.quiet(Math.max(2 * ackDeadlineMs, context.quietMs));
    equal(confirmed.toSorted(), sent.map(({ id }) => id).toSorted(), "the confirmed ids, once each");
    equal(later.received.length, 0, "messages delivered afterwards");
  },
});
