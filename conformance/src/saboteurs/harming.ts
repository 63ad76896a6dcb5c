import { PubSubError } from "@anytopic/core/driver";
import { forwardSink, intercept } from "../intercept.ts";
import { sabotageDriver, type Saboteur } from "./saboteur.ts";

const PLAIN_ID = /^[!-~]{1,128}$/;

/** Adapters that a stranger's message can harm. */
export const harming: readonly Saboteur[] = [
  {
    name: "drop-what-is-odd",
    wrong: "messages with an id that is not plain text are acknowledged and lost",
    killedBy: ["wire.hostile"],
    sabotage: sabotageDriver((driver) => ({
      openSubscriber: (subscription, sink, options) =>
        driver.openSubscriber(
          subscription,
          forwardSink(sink, {
            deliver(delivery) {
              if (PLAIN_ID.test(delivery.id)) sink.deliver(delivery);
              else void delivery.owner.ack(delivery);
            },
          }),
          options,
        ),
    })),
  },
  {
    name: "choke-on-what-is-odd",
    wrong: "a message with an id that is not plain text ends the connection, which is then opened again",
    killedBy: ["wire.hostile"],
    sabotage: (adapter) =>
      intercept(adapter, (driver, context) => {
        const openSubscriber = driver.openSubscriber.bind(driver);
        driver.openSubscriber = (subscription, sink, options) =>
          openSubscriber(
            subscription,
            forwardSink(sink, {
              deliver(delivery) {
                if (!PLAIN_ID.test(delivery.id)) {
                  context.status("reconnecting", new PubSubError("UNAVAILABLE", "the parser threw"));
                  context.status("up");
                }
                sink.deliver(delivery);
              },
            }),
            options,
          );
        return driver;
      }),
  },
];
