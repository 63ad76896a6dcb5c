import type { ReceivingReports } from "@anytopic/core/driver";
import type { WireReceived } from "../connection/rpc.ts";
import type { DeliverySource } from "../delivery.ts";
import { KeyWaits } from "../ordering/key-waits.ts";
import { SettleQueue } from "../settle/settle-queue.ts";
import { Puller, type PullerOptions } from "./puller.ts";

/** One subscription of the service that a worker reads: its own, or the one for redriven messages. */
export interface Source extends DeliverySource {
  readonly puller: Puller;
}

export interface SourceOptions extends Omit<PullerOptions, "waits" | "received" | "failed" | "succeeded"> {
  readonly exactlyOnce: boolean;
  readonly reports: ReceivingReports<Source>;
  readonly received: (source: Source, messages: readonly WireReceived[]) => void;
}

export function createSource(options: SourceOptions): Source {
  const { connection, reports } = options;
  const source: Source = {
    held: new Map(),
    keyWaits: new KeyWaits(connection.context.clock),
    settles: new SettleQueue(options),
    puller: new Puller({
      ...options,
      waits: connection.options.waitingPulls ?? !connection.emulator,
      received: (messages) => options.received(source, messages),
      failed: (error) => reports.failing(source, error, true),
      // All sources of a worker share its connection, and the others may have no room for a pull.
      succeeded: () => reports.receiving(source, true),
    }),
  };
  return source;
}
