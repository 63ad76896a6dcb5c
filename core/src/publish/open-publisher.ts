import { CLOSE_GRACE_MS } from "../base/close-budget.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import { MirrorPublisher, type EventPublisher, type NamedPublisher } from "./mirror-publisher.ts";
import { topicSpec } from "../connections/specs.ts";
import { TopicPublisher, type TopicPublisherOptions } from "./topic-publisher.ts";
import type { AnyTopic } from "../declare/topic.ts";

/** Opens a publisher for a topic's connection, and for its mirror if it has one: both or none. */
export async function openPublisher(
  router: ConnectionRouter,
  topic: AnyTopic,
  options: Omit<TopicPublisherOptions, "capabilities">,
): Promise<EventPublisher> {
  const opened: NamedPublisher[] = [];
  try {
    for (const name of router.routes.connectionsOfTopic(topic)) {
      const connection = await router.connection(name);
      await connection.prepare(topic);
      const { driver, capabilities, names } = connection;
      const driverPublisher = await driver.openPublisher(topicSpec(topic, names));
      const publisher = new TopicPublisher(topic.name, driverPublisher, {
        ...options,
        capabilities,
        trouble: () => connection.error,
      });
      opened.push({ connection: name, publisher });
    }
  } catch (error) {
    await Promise.allSettled(opened.map(({ publisher }) => publisher.close(CLOSE_GRACE_MS)));
    throw error;
  }
  const [only] = opened;
  return opened.length === 1 && only !== undefined
    ? only.publisher
    : new MirrorPublisher(topic.name, opened, options.clock);
}
