import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying } from "../../delaying.ts";
import { equal, within } from "../../expect.ts";

const HOUR_MS = 3_600_000;

export const list: Behaviour = behaviour({
  id: "delay.list",
  rows: [5, 46],
  statements: ["C40"],
  title:
    "the messages that wait are listed with their times, the first due first, up to a limit, and no longer when they are due or cancelled",
  tier: "full",
  requires: ({ publishDelay }) =>
    publishDelay === "store" || publishDelay.list ? undefined : "publishDelay.list false: refused, see delay.refused",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    const collector = await context.collect(pubsub, subscription);
    equal(await pubsub.scheduled(topic), [], "the list of a topic where nothing waits");
    const calledMs = Date.now();
    const hours = [5, 1, 4, 2, 3];
    const sent: string[] = [];
    for (const hour of hours)
      sent.push((await context.publishItem(pubsub, topic, context.item(), { delayMs: hour * HOUR_MS })).id);
    const soon = await context.publishItem(pubsub, topic, context.item(), { delayMs: 300 });
    await collector.completes([soon.id]);

    const byTime = [1, 3, 4, 2, 0].map((index) => sent[index]);
    // Who has published it may mark that a little later.
    const listed = await context.eventually(async () => {
      const found = await pubsub.scheduled(topic);
      return found.length === hours.length ? found : undefined;
    }, "the list to have those that wait");
    equal(
      listed?.map(({ id }) => id),
      byTime,
      "the ids that wait, by their times",
    );
    for (const [index, { deliverAtMs, publishTimeMs, attempts }] of (listed ?? []).entries()) {
      // The broker's or store's clock may differ a little from ours.
      const dueMs = calledMs + (index + 1) * HOUR_MS;
      within(deliverAtMs, { min: dueMs - 2000, max: dueMs + context.deliveryMs }, "when a listed message is due");
      within(publishTimeMs, { min: calledMs - 2000, max: calledMs + context.deliveryMs }, "when it was published");
      equal(attempts, 0, "the attempts of a message that waits");
    }
    equal(
      (await pubsub.scheduled(topic, { limit: 2 })).map(({ id }) => id),
      byTime.slice(0, 2),
      "the list with a limit of two",
    );
    await Promise.all(sent.map((id) => pubsub.cancel(topic, id)));
    equal(await pubsub.scheduled(topic), [], "the list when all were cancelled");
  },
});
