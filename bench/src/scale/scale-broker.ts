import type { Broker } from "@anytopic/brokers";
import type { PubSub } from "@anytopic/core";

/** Counters of the wire, since the broker began, as it tells them or as a proxy in between has counted them. */
export interface WireCount {
  /** Requests, commands, frames or packets from the clients: `unit` of the broker says which. */
  readonly sent: number;
  readonly received: number;
  readonly bytes: number;
}

/** A private broker for one measurement. */
export interface ScaleBroker {
  readonly name: string;
  /** What `WireCount` counts. */
  readonly unit: string;
  /** Undefined for memory. */
  readonly broker: Broker | undefined;
  /** Of the broker's process; undefined when it lives in this one. */
  readonly pid: () => number | undefined;
  /** The URL for other processes; `undefined` when no other process can connect. */
  readonly url: string | undefined;
  connect(): Promise<PubSub>;
  wire(): Promise<WireCount>;
  /** What exists at the broker: streams, queues, consumers, connections. */
  objects(): Promise<Readonly<Record<string, number>>>;
  /** Without what asks for them itself. */
  close(): Promise<void>;
}
