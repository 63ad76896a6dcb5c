import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const ensure: Behaviour = behaviour({
  id: "topology.ensure",
  rows: [11, 24],
  statements: ["C27"],
  title: "plan says what is missing and changes nothing, apply creates it once, destroy removes it all",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const topic = context.topic();
    const declarations = [topic, context.subscription(topic), context.subscription(topic)];

    const planned = await pubsub.plan(declarations);
    check(planned.length >= 3, `the plan to name a topic and two subscriptions, it has ${planned.length} entries`);
    equal(new Set(planned.map(({ action }) => action)), new Set(["create"]), "the planned actions");
    for (const { resource } of planned) check(resource.length > 0, "each planned change to name its resource");
    equal(await pubsub.plan(declarations), planned, "a second plan: planning changes nothing");

    const applied = await pubsub.apply(declarations);
    equal(
      applied.map(({ resource }) => resource).toSorted(),
      planned.map(({ resource }) => resource).toSorted(),
      "what apply says it did",
    );
    equal(await pubsub.plan(declarations), [], "the plan after apply");
    equal(await pubsub.apply(declarations), [], "what a second apply says it did");

    const destroyed = await pubsub.destroy(declarations);
    check(destroyed.length >= 3, `destroy to name what it deleted: ${destroyed.join(", ")}`);
    equal((await pubsub.plan(declarations)).length, planned.length, "the length of the plan after destroy");
    equal(await pubsub.destroy(declarations), [], "what a second destroy says it deleted");
  },
});
