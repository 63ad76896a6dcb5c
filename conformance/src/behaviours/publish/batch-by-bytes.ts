import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, within } from "../../expect.ts";
import { forwardDriver, forwardPublisher } from "../../intercept.ts";

export const batchByBytes: Behaviour = behaviour({
  id: "publish.batch-by-bytes",
  rows: [17, 38],
  statements: ["C4"],
  title: "a batch larger than the broker accepts is split by count and by bytes",
  tier: "full",
  async run(context) {
    const { maxMessageBytes, publishBatch } = context.capabilities;
    const batches: { readonly count: number; readonly bytes: number }[] = [];
    const { pubsub, topic, subscription } = await context.pair(
      {},
      {},
      {
        publish: { timeoutMs: 90_000 },
        intercept: (driver) =>
          forwardDriver(driver, {
            openPublisher: async (spec) => {
              const publisher = await driver.openPublisher(spec);
              return forwardPublisher(publisher, {
                publish(batch) {
                  batches.push({
                    count: batch.length,
                    bytes: batch.reduce((sum, one) => sum + publisher.sizeOf(one), 0),
                  });
                  publisher.publish(batch);
                },
              });
            },
          }),
      },
    );
    const collector = await context.collect(pubsub, subscription);
    // Two and a half batches by bytes if these are not too large, else as many as fit into 8 MiB.
    const padBytes = Math.min(Math.floor(maxMessageBytes / 2), 64 * 1024);
    const bytes = Math.min(publishBatch.maxBytes * 2.5, 8 * 1024 * 1024);
    const count = Math.max(8, Math.ceil(bytes / padBytes));
    const items = Array.from({ length: count }, () => context.item("k", "p".repeat(padBytes)));
    for (const { seq, key } of items) context.log.append({ type: "publish-start", topic: topic.name, seq, key });

    const results = await pubsub.publishBatch(
      topic,
      items.map((event) => ({ event })),
    );

    const refused = results.find(({ ok }) => !ok);
    check(
      refused === undefined,
      `every entry to be accepted, one was not: ${refused?.ok === false ? String(refused.error) : ""}`,
    );
    await collector.completes(results.flatMap((result) => (result.ok ? [result.id] : [])));
    for (const [index, one] of batches.entries()) {
      within(one.bytes, { max: publishBatch.maxBytes }, `the bytes of batch ${index}`);
      within(one.count, { min: 1, max: publishBatch.maxMessages }, `the messages of batch ${index}`);
    }
  },
});
