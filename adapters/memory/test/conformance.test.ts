import { registerConformance } from "@anytopic/conformance";
import { afterAll, test } from "vitest";
import { createHarness } from "./harness.ts";

const harness = createHarness();
registerConformance(test, harness, { tier: "all" });
afterAll(() => harness.close());
