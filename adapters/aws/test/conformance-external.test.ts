import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { type Harness, registerConformance } from "@anytopic/conformance";
import { afterAll, describe, expect, test, vi } from "vitest";
import { QUIRKS, startHarness } from "./harness.ts";

// An endpoint that somebody else started is found by the environment, recognised by what it answers, and left running.
const fauxqs = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
const moto = await startBrokerOrSkip("aws", { provider: "native", implementation: "moto" });
afterAll(() => Promise.all([fauxqs?.close(), moto?.close()]));

/** As with `BROKERS=external AWS_ENDPOINT_URL=… npm run test:unit -- --project aws`. */
async function externalHarness({ url }: Broker): Promise<Harness> {
  vi.stubEnv("BROKERS", "external");
  vi.stubEnv("AWS_ENDPOINT_URL", url);
  try {
    return await startHarness();
  } finally {
    vi.unstubAllEnvs();
  }
}

describe.each([
  { broker: fauxqs, implementation: "fauxqs", only: ["publish.roundtrip", "wire", "delivery.retry", "faults.cut"] },
  // Moto takes seconds for what others do in milliseconds.
  { broker: moto, implementation: "moto", only: ["publish.roundtrip", "wire.foreign-reads"] },
])("$implementation, started by somebody else", async ({ broker, implementation, only }) => {
  if (broker === undefined) {
    // Never in CI, where a missing broker fails the run above; elsewhere it was said which command would give it.
    test.skip("needs the broker", () => {});
    return;
  }
  const harness = await externalHarness(broker);
  // No column of the matrix: a selection, of implementations that have theirs.
  vi.stubEnv("ANYTOPIC_CONFORMANCE_RUNS", "");
  registerConformance(test, harness, { only });
  vi.unstubAllEnvs();

  test("is recognised, with its quirks, and is not ours to kill", () => {
    expect(harness).toMatchObject({ implementation, quirks: QUIRKS[implementation] });
    expect(harness.broker).toBeUndefined();
    expect(harness.lacks?.broker).toMatch(/not ours to kill/);
  });

  afterAll(async () => {
    await harness.close();
    if (!(await fetch(broker.url)).ok) throw new Error("it was stopped though it is not ours");
  });
});
