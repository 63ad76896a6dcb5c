import { startBrokerOrSkip } from "@anytopic/brokers";
import { registerConformance } from "@anytopic/conformance";
import { afterAll, describe, test } from "vitest";
import { createHarness } from "./harness.ts";

// A second implementation of AWS. It is slow, so it runs only the behaviours for which it matters: the meaning of calls and
// attributes, and FIFO with several messages of a group in one answer.
const ASKED = ["publish", "topology", "wire", "exactly-once", "ordering.dead-letter", "observe"];
const ALSO = [
  "delivery.retry",
  "delivery.pull-settles",
  "dead-letters.contents",
  "dead-letters.redrive",
  "filters.matching",
  "filters.changed",
  "filters.held-back",
];

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "moto" });
const harness = broker === undefined ? undefined : await createHarness(broker);

describe.skipIf(harness === undefined)("conformance", () => {
  if (harness === undefined) return;
  registerConformance(test, harness, { only: [...ASKED, ...ALSO] });
  afterAll(() => harness.close());
});
