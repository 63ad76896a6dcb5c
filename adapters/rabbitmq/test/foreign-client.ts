import type { ForeignClient, ForeignMessage } from "@anytopic/conformance";
import { Connection } from "rabbitmq-client";

const TAKE_WAIT_MS = 5000;

/** `rabbitmq-client`: an independent implementation of the protocol. */
export function createForeignClient(url: string): ForeignClient & { close(): Promise<void> } {
  let opened: Connection | undefined;
  const connection = (): Connection => {
    opened ??= new Connection(url);
    opened.on("error", () => {});
    return opened;
  };
  return {
    async publish(topic, { body, attributes }) {
      const publisher = connection().createPublisher({ confirm: true });
      await publisher.send({ exchange: topic, durable: true, headers: { ...attributes } }, Buffer.from(body));
      await publisher.close();
    },
    async take({ topic, subscription }) {
      const endMs = performance.now() + TAKE_WAIT_MS;
      for (;;) {
        const message = await connection().basicGet({ queue: `${topic}.${subscription}`, noAck: true });
        if (message !== undefined) return foreignMessage(message.body, message.headers ?? {});
        if (performance.now() > endMs) return undefined;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async close() {
      await opened?.close();
    },
  };
}

function foreignMessage(body: unknown, headers: Record<string, unknown>): ForeignMessage {
  const texts = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return { body: body as Buffer, attributes: Object.fromEntries(texts) };
}
