import { connect } from "@anytopic/core";
import type { Adapter } from "@anytopic/core/driver";
import type { Harness } from "./harness.ts";

const WHY = "only an adapter was given, and no harness";

/**
 * A harness with an adapter and nothing else: behaviours that need faults, the broker's statistics or a foreign
 * client stay unproven. Connects once to learn the broker's name.
 */
export async function minimalHarness(make: () => Adapter): Promise<Harness> {
  const pubsub = await connect(make(), { provisioning: "off", signal: AbortSignal.timeout(30_000) });
  const [implementation = "unknown", ...version] = pubsub.server.split(" ");
  await pubsub.close();
  const { name, capabilities } = make();
  return {
    name,
    implementation,
    version: version.join(" ") || "unknown",
    capabilities,
    slack: { retryUpperMs: 2000 },
    quirks: [],
    lacks: {
      broker: WHY,
      process: WHY,
      proxy: WHY,
      stats: WHY,
      foreign: WHY,
      hostile: WHY,
      unreachable: WHY,
      deleteDeadLetters: WHY,
    },
    survivesRestart: false,
    adapter: () => make(),
    close: () => Promise.resolve(),
  };
}
