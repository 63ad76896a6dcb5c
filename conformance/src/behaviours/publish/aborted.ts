import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, rejection, within } from "../../expect.ts";
import { forwardDriver, forwardPublisher } from "../../intercept.ts";
import { monotonicMs } from "../../wait.ts";

export const aborted: Behaviour = behaviour({
  id: "publish.aborted",
  rows: [12],
  statements: ["C26"],
  title:
    "an aborted signal ends publish, connect and subscribe at once, with the abort reason, before or in the middle",
  tier: "smoke",
  withoutSaboteur:
    "core answers an aborted signal before it calls the driver, and does not wait for the driver after that: see core/test/publish-window.test.ts and core/test/waiting.test.ts",
  async run(context) {
    let swallow = false;
    const { pubsub, topic, subscription } = await context.pair(
      {},
      {},
      {
        publish: { timeoutMs: 3000 },
        intercept: (driver) =>
          forwardDriver(driver, {
            openPublisher: async (spec) => {
              const publisher = await driver.openPublisher(spec);
              return forwardPublisher(publisher, {
                publish: (batch) => (swallow ? undefined : publisher.publish(batch)),
              });
            },
          }),
      },
    );
    await context.publish(pubsub, topic, 1);
    const reason = new Error("changed my mind");
    const before = context.traffic.publishRequests;

    const signal = AbortSignal.abort(reason);
    equal(
      await rejection(pubsub.publish(topic, context.item(), { signal }), "a publish with an aborted signal"),
      reason,
      "the rejection",
    );
    equal(
      await rejection(
        pubsub.subscribe(subscription, () => undefined, { signal }),
        "subscribing with an aborted signal",
      ),
      reason,
      "the rejection",
    );
    equal(await rejection(context.open({ signal }), "connecting with an aborted signal"), reason, "the rejection");
    equal(context.traffic.publishRequests, before, "the publish requests that reached the driver");

    swallow = true;
    const controller = new AbortController();
    const pending = rejection(
      pubsub.publish(topic, context.item(), { signal: controller.signal }),
      "a publish that is aborted under way",
    );
    await context.eventually(() => context.traffic.publishRequests > before, "the publish to be under way");
    const abortedMs = monotonicMs();
    controller.abort(reason);
    check((await pending) === reason, "the abort reason as the rejection");
    within(monotonicMs() - abortedMs, { max: 1000 }, "the ms from abort to rejection");
  },
});
