import { systemClock } from "@anytopic/core";
import type { DriverContext } from "@anytopic/core/driver";
import { Connection } from "../src/connection.ts";
import { checkedOptions, type RedisOptions } from "../src/options.ts";

/** A connection without core, and what it has said. */
export interface Opened extends AsyncDisposable {
  readonly connection: Connection;
  /** `"up"`, `"reconnecting UNAVAILABLE"`, … */
  readonly states: readonly string[];
  readonly warnings: readonly string[];
}

export async function opened(options: RedisOptions, signal?: AbortSignal): Promise<Opened> {
  const states: string[] = [];
  const warnings: string[] = [];
  const context: DriverContext = {
    clock: systemClock,
    random: Math.random,
    logger: { debug() {}, info() {}, warn: (_fields, message) => void warnings.push(message ?? ""), error() {} },
    status: (state, error) => void states.push(error === undefined ? state : `${state} ${error.code}`),
  };
  const connection = await Connection.open(checkedOptions(options), context, signal);
  return { connection, states, warnings, [Symbol.asyncDispose]: async () => connection.close(500) };
}
