import { Reject, type Instrumentation } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, equalAttributes } from "../../expect.ts";

const TRACE = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "congo=t61rcWkgMzE",
};
const OWN = { tenant: "blue" };
const THEIRS = { traceparent: "00-11111111111111111111111111111111-2222222222222222-00" };

const adding: Instrumentation = { publish: (_publish, carrier) => void Object.assign(carrier, TRACE) };

export const addedAttributes: Behaviour = behaviour({
  id: "instrumentation.added-attributes",
  rows: [30],
  statements: ["C45"],
  title:
    "attributes that an instrumentation adds arrive on every subscription, on retries, in the dead letter and after redrive; the user's stay",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair(
      { retryPolicy: { maxRetries: 5 } },
      {},
      {
        instrumentation: [adding],
      },
    );
    const bystander = context.subscription(topic);
    await pubsub.apply([bystander]);
    context.tolerate("repeated-attempts");
    // Where a broker also counts attempts that never started, the first run need not be attempt 1.
    const failed = new Set<string>();
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle({ id }) {
        if (repaired) return;
        if (failed.has(id)) throw new Reject("broken");
        failed.add(id);
        throw new Error("once more");
      },
    });
    const other = await context.collect(pubsub, bystander);
    const traced = await context.publishItem(pubsub, topic, context.item(), { attributes: OWN });
    const own = await context.publishItem(pubsub, topic, context.item(), { attributes: THEIRS });
    const expected = new Map([
      [traced.id, { ...OWN, ...TRACE }],
      [own.id, THEIRS],
    ]);
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 2, "two dead letters");
    for (const letter of await letters.peek()) {
      equalAttributes(letter.attributes, expected.get(letter.id) ?? {}, "the attributes of a dead letter");
    }
    repaired = true;
    await letters.redrive();

    await collector.completes([...expected.keys()]);
    await other.completes([...expected.keys()]);
    for (const [id, attributes] of expected) {
      equal(collector.runsOf(id).length, 3, "the runs of a message that failed, was retried and redriven");
      for (const run of [...collector.runsOf(id), ...other.runsOf(id)]) {
        equalAttributes(run.context.attributes, attributes, `the attributes of attempt ${run.attempt}`);
      }
    }
  },
});
