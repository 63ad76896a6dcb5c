import type { ChannelModel } from "amqplib";

/** How the servers from 3.10 on differ. */
export interface ServerFeatures {
  /** Product and version, as the server names them: `RabbitMQ 3.10.8`. */
  readonly name: string;
  /** Whether `basic.nack` with requeue counts as a delivery; not since 4.3. https://www.rabbitmq.com/docs/quorum-queues (read 2026-11-22) */
  readonly nackCounts: boolean;
  /** Whether a consumer can be opened that gets nothing, see `askThroughQueue`; not since 4.0. */
  readonly takesCredit: boolean;
}

export function serverFeatures(model: ChannelModel): ServerFeatures {
  const { product, version } = model.connection.serverProperties;
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return {
    name: `${product} ${version}`,
    nackCounts: major < 4 || (major === 4 && minor < 3),
    takesCredit: product === "RabbitMQ" && major < 4,
  };
}
