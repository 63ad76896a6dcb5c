import { startBrokerOrSkip } from "@anytopic/brokers";
import { abilitiesOf, makeSchedule, requireUnharmed } from "@anytopic/conformance";
import { afterAll, expect, test } from "vitest";
import { awsBroker, createHarness } from "./harness.ts";

const broker = await startBrokerOrSkip("aws", awsBroker());
const harness = broker === undefined ? undefined : await createHarness(broker);
afterAll(() => harness?.close());

/** Short, and with faults of the network, the broker and the processes. More: npm run chaos -- --adapter aws --schedules 100 */
test.skipIf(harness === undefined)("a schedule of faults violates nothing", { timeout: 240_000 }, async () => {
  const numbers = await requireUnharmed(harness!, makeSchedule(98, abilitiesOf(harness!), { durationMs: 10_000 }));
  expect(numbers.accepted).toBeGreaterThan(50);
});
