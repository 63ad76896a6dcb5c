import type { Broker, BrokerKind, StartBrokerOptions } from "./broker.ts";
import { BrokerUnavailableError } from "./broker-unavailable-error.ts";
import { isCi } from "./is-ci.ts";
import { startBroker } from "./start-broker.ts";

/**
 * {@link startBroker} for test files: if no broker is available it says so on standard error and resolves with
 * `undefined`, so that the tests can be skipped. In CI (`CI` set) it rejects instead, because there nobody would
 * notice a skipped test.
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
