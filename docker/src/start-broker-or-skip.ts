import type { Broker, BrokerKind, StartBrokerOptions } from "./broker.ts";
import { BrokerUnavailableError } from "./broker-unavailable-error.ts";
import { startBroker } from "./start-broker.ts";

/**
 * {@link startBroker} for test files: where no broker is to be had it says so on standard error and
 * resolves with `undefined`, so that the tests can be skipped. In CI (`CI` set) it rejects instead,
 * because there a skipped test is a test nobody will miss.
 */
export async function startBrokerOrSkip(
  kind: BrokerKind,
  options: StartBrokerOptions = {},
): Promise<Broker | undefined> {
  try {
    return await startBroker(kind, options);
  } catch (error) {
    if (!(error instanceof BrokerUnavailableError) || isCi()) throw error;
    process.stderr.write(`\nSKIPPED, ${error.message}\n\n`);
    return undefined;
  }
}

function isCi(): boolean {
  return !["", "0", "false"].includes(process.env["CI"] ?? "");
}
