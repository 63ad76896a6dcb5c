import type { HostilePublisher } from "@anytopic/conformance";
import { hostileProperties } from "./hostile-properties.ts";
import { type RawPublisher, rawPublisher } from "./raw-publisher.ts";

/** Writes properties as bytes that no client library would send. Connects on first use, and again if the broker has closed the connection. */
export function hostilePublisher(url: string): HostilePublisher & { close(): Promise<void> } {
  let opened: Promise<RawPublisher> | undefined;
  return {
    async publish(topic, body, random) {
      const properties = hostileProperties(random);
      opened ??= rawPublisher(url);
      const stored = await (await opened).publish({ exchange: topic, routingKey: "" }, body, properties);
      const what = Object.entries(properties).map(
        ([name, bytes]) => `${name} ${Buffer.from(bytes).toString("hex").slice(0, 80)}`,
      );
      return { stored, what: what.join(", ") };
    },
    async close() {
      await (await opened)?.close();
    },
  };
}
