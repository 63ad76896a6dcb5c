import type { DriverContext } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { QueueNames } from "../names.ts";
import type { QueueSender } from "../publish/queue-sender.ts";
import type { ServerFeatures } from "../connection/server.ts";
import type { WaitQueues } from "../retry/wait-queues.ts";

/** What a subscriber works with. */
export interface SubscriberContext {
  readonly connection: Connection;
  readonly driver: DriverContext;
  readonly names: QueueNames;
  readonly sender: QueueSender;
  readonly waitQueues: WaitQueues;
  readonly server: () => ServerFeatures;
}
