import type { ReceivingReports } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { DeliverySource } from "../delivery.ts";
import { KeyWaits } from "../ordering/key-waits.ts";
import { Puller } from "./puller.ts";
import type { Channel, WireReceived } from "../connection/rpc.ts";
import { SettleQueue } from "../settle/settle-queue.ts";

/** One subscription of Google's that a worker reads: its own, and the one redriven messages come by. */
export interface Source extends DeliverySource {
  /** `projects/p/subscriptions/s`. */
  readonly subscription: string;
  readonly puller: Puller;
}

export interface SourceOptions {
  readonly connection: Connection;
  readonly channel: Channel;
  readonly subscription: string;
  readonly exactlyOnce: boolean;
  readonly maxCalls: number;
  readonly size: number;
  readonly maxIdlePauseMs: number;
  readonly room: () => number;
  readonly reports: ReceivingReports<Source>;
  readonly received: (source: Source, messages: readonly WireReceived[]) => void;
}

export function createSource(options: SourceOptions): Source {
  const { connection, channel, subscription, exactlyOnce, reports } = options;
  const source: Source = {
    subscription,
    held: new Map(),
    keyWaits: new KeyWaits(connection.context.clock),
    settles: new SettleQueue({ connection, channel, subscription, exactlyOnce }),
    puller: new Puller({
      connection,
      channel,
      subscription,
      maxCalls: options.maxCalls,
      size: options.size,
      room: options.room,
      maxIdlePauseMs: options.maxIdlePauseMs,
      waits: connection.options.waitingPulls ?? !connection.emulator,
      received: (messages) => options.received(source, messages),
      failed: (error) => reports.failing(source, error, true),
      // All sources of a worker share its connection, and the others may have no room to try.
      succeeded: () => reports.receiving(source, true),
    }),
  };
  return source;
}
