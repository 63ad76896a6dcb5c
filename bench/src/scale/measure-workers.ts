import type { Measurement } from "./measurement.ts";
import type { ScaleBroker } from "./scale-broker.ts";

export async function measureWorkers(_scale: ScaleBroker, _size: number, _measurement: Measurement): Promise<void> {}
