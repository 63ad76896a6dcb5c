import type { SubscriptionStats } from "@anytopic/conformance";
import { type ChannelModel, connect } from "amqplib";

export interface Inspector {
  stats(queue: string): Promise<SubscriptionStats>;
  deleteQueue(queue: string): Promise<void>;
  close(): Promise<void>;
}

/** Asks the broker about a queue on a separate connection, which is opened again after the broker was down. */
export function createInspector(url: string): Inspector {
  let connecting: Promise<ChannelModel> | undefined;
  const connection = (): Promise<ChannelModel> => {
    connecting ??= connect(url).then((model) => {
      model.on("error", () => {});
      model.on("close", () => (connecting = undefined));
      return model;
    });
    connecting.catch(() => (connecting = undefined));
    return connecting;
  };
  return {
    async stats(queue) {
      const channel = await (await connection()).createChannel();
      channel.on("error", () => {});
      const { consumerCount, messageCount } = await channel.checkQueue(queue);
      await channel.close();
      return { workers: consumerCount, outstanding: undefined, waiting: messageCount };
    },
    async deleteQueue(queue) {
      const channel = await (await connection()).createChannel();
      channel.on("error", () => {});
      await channel.deleteQueue(queue);
      await channel.close();
    },
    async close() {
      await (await connecting)?.close();
    },
  };
}
