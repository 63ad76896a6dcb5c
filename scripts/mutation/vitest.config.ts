import { defineConfig } from "vitest/config";
import workspace from "../../vitest.workspace.ts";
import { ByGivenOrder } from "./by-given-order.ts";
import { TellResults } from "./tell-results.ts";

/** The workspace as it is tested otherwise, but less patient: what a mutant breaks is mostly waited for in vain. */
export default defineConfig({
  ...workspace,
  test: {
    ...workspace.test,
    reporters: [new TellResults()],
    maxWorkers: 2,
    fsModuleCache: true,
    testTimeout: 12_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 5000, interval: 20 } },
    sequence: { sequencer: ByGivenOrder },
    setupFiles: [`${import.meta.dirname}/record-coverage.ts`],
  },
});
