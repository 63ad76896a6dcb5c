import { startBrokerOrSkip } from "@anytopic/brokers";
import { registerConformance } from "@anytopic/conformance";
import { afterAll, describe, test } from "vitest";
import { createHarness, SYNCED } from "./harness.ts";

const broker = await startBrokerOrSkip("redis", SYNCED);
const harness = broker === undefined ? undefined : await createHarness(broker);

describe.skipIf(harness === undefined)("conformance", () => {
  if (harness === undefined) return;
  registerConformance(test, harness, { tier: "all" });
  afterAll(() => harness.close());
});
