import type { Connection } from "./connection.ts";
import type { DeliverySource } from "./delivery.ts";
import { KeyWaits } from "./key-waits.ts";
import { Puller } from "./puller.ts";
import type { Channel, WireReceived } from "./rpc.ts";
import { SettleQueue } from "./settle-queue.ts";
import type { SourceHealth } from "./source-health.ts";

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
  readonly health: SourceHealth;
  readonly received: (source: Source, messages: readonly WireReceived[]) => void;
}

export function createSource(options: SourceOptions): Source {
  const { connection, channel, subscription, exactlyOnce, health } = options;
  const source: Source = {
    subscription,
    held: new Map(),
    keyWaits: new KeyWaits(),
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
      failed: (error) => health.fails(subscription, error),
      succeeded: () => health.works(subscription),
    }),
  };
  return source;
}
