import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, sameMembers } from "../../expect.ts";

export const batch: Behaviour = behaviour({
  id: "publish.batch",
  rows: [17],
  statements: ["C4"],
  title: "publishBatch gives one id per entry, in order, and each entry arrives once",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const items = Array.from({ length: 60 }, () => context.item());
    for (const { seq, key } of items) context.log.append({ type: "publish-start", topic: topic.name, seq, key });

    const results = await pubsub.publishBatch(
      topic,
      items.map((event, index) => ({ event, attributes: { index: String(index) } })),
    );

    equal(results.length, items.length, "the number of results");
    const ids = results.map((result) => {
      check(result.ok, `every entry to be accepted, one was not: ${result.ok ? "" : String(result.error)}`);
      return result.id;
    });
    await collector.completes(ids);
    await context.quiet();
    sameMembers(collector.ids, ids, "the ids that arrived");
    for (const [index, id] of ids.entries()) {
      const [received] = collector.runsOf(id);
      equal(received?.item.seq, items[index]?.seq, `the message behind the id of entry ${index}`);
      equal(received?.context.attributes["index"], String(index), `the attribute of entry ${index}`);
    }
  },
});
