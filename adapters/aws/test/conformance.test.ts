import { startBrokerOrSkip } from "@anytopic/brokers";
import { registerConformance } from "@anytopic/conformance";
import { afterAll, describe, test } from "vitest";
import { awsBroker, createHarness } from "./harness.ts";

const broker = await startBrokerOrSkip("aws", awsBroker());
const harness = broker === undefined ? undefined : await createHarness(broker);

describe.skipIf(harness === undefined)("conformance", () => {
  if (harness === undefined) return;
  // Moto needs seconds where others need milliseconds: it runs only the most important behaviours.
  registerConformance(test, harness, { tier: harness.implementation === "moto" ? "smoke" : "all" });
  afterAll(() => harness.close());
});
