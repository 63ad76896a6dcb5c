import { randomUUID } from "node:crypto";

import { connect, defineTopic, type PubSub, type Topic } from "@anytopic/core";
import { openTelemetry, type OpenTelemetryOptions } from "@anytopic/opentelemetry";

import { Telemetry } from "./telemetry.ts";

export interface Order {
  readonly n: number;
}

export const newTopic = (): Topic<Order, Order> => defineTopic<Order>(`t${randomUUID().slice(0, 8)}`);
/** A trace of somebody else. */
export const TRACE = "0af7651916cd43dd8448eb211c80319c";
export const GIVEN = `00-${TRACE}-b7ad6b7169203331-01`;

/** A `PubSub` in memory that is traced. */
export async function openTraced(
  options: OpenTelemetryOptions = {},
  telemetry = new Telemetry(),
): Promise<[PubSub, Telemetry]> {
  const instrumentation = [openTelemetry({ tracerProvider: telemetry.tracerProvider, ...options })];
  return [await connect("memory:", { instrumentation }), telemetry];
}
