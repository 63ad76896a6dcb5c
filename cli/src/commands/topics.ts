import type { AnySubscription, AnyTopic } from "@anytopic/core";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { shownDuration } from "../duration.ts";
import { shownOptions, shownRate } from "../in-force.ts";
import { table } from "../output.ts";

/** `anytopic topics` */
export const topics: Command = {
  name: "topics",
  operands: "",
  operandCount: [0, 0],
  summary: "list the declared topics and subscriptions",
  details: "Reads the declarations; contacts no broker. `anytopic doctor` says where a filter is applied.",
  example: "anytopic topics --declarations ./topics.ts",
  options: {},
  offline: true,
  async run({ settings, output }) {
    const declarations = await (await settings()).declarations();
    const subscriptions = declarations.filter((one) => one.kind === "subscription");
    const listed = declarations
      .filter((one) => one.kind === "topic")
      .map((topic) =>
        described(
          topic,
          subscriptions.filter((one) => one.topic.name === topic.name),
        ),
      );
    output.result({ topics: listed }, () =>
      table(
        [
          "TOPIC",
          "SUBSCRIPTION",
          "GUARANTEE",
          "ORDERED",
          "CODEC",
          "RETENTION",
          "ACK DEADLINE",
          "RETRIES",
          "ON EXPIRED",
          "FILTER",
          "RATE",
          "CIRCUIT",
        ],
        listed.flatMap((topic) => [
          [
            topic.name,
            "",
            topic.deliveryGuarantee,
            topic.ordered ? "per key" : "no",
            topic.codec,
            `${shownDuration(topic.retentionMs)}${topic.replay ? ", replay" : ""}`,
          ],
          ...topic.subscriptions.map((one) => [
            "",
            one.name,
            "",
            "",
            "",
            "",
            shownDuration(one.ackDeadlineMs),
            String(one.retryPolicy.maxRetries),
            one.onExpired,
            one.filter === null ? "" : JSON.stringify(one.filter),
            shownRate(one.rate),
            shownOptions(one.circuit),
          ]),
        ]),
      ),
    );
    return EXIT.ok;
  },
};

function described(topic: AnyTopic, subscriptions: readonly AnySubscription[]) {
  return {
    name: topic.name,
    deliveryGuarantee: topic.deliveryGuarantee,
    ordered: topic.orderingKey !== undefined,
    hasSchema: topic.schema !== undefined,
    codec: topic.codec.name,
    retentionMs: topic.retentionMs,
    replay: topic.replay,
    subscriptions: subscriptions.map(
      ({ name, ackDeadlineMs, maxConcurrency, maxHandlingMs, onExpired, filter = null, ...of }) => {
        const { retryPolicy, rate, circuit } = of;
        const { maxRetries } = retryPolicy;
        // JSON has no Infinity.
        const shown = { ...retryPolicy, maxRetries: maxRetries === Number.POSITIVE_INFINITY ? "Infinity" : maxRetries };
        return {
          name,
          ackDeadlineMs,
          maxConcurrency,
          maxHandlingMs,
          retryPolicy: shown,
          onExpired,
          filter,
          rate,
          circuit,
        };
      },
    ),
  };
}
