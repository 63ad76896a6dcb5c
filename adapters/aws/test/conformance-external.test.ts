import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { type Harness, registerConformance } from "@anytopic/conformance";
import { afterAll, describe, expect, test, vi } from "vitest";
import { QUIRKS, startHarness } from "./harness.ts";

// The environment names an endpoint that somebody else started. It is recognised by its answers, and not stopped.
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
  // Moto needs seconds where others need milliseconds.
  { broker: moto, implementation: "moto", only: ["publish.roundtrip", "wire.foreign-reads"] },
])("$implementation, started by somebody else", async ({ broker, implementation, only }) => {
  if (broker === undefined) {
    // Not in CI, where a missing broker fails the run above. Elsewhere the run above names the command that installs it.
    test.skip("needs the broker", () => {});
    return;
  }
  const harness = await externalHarness(broker);
  // Not a column of the matrix: this is a selection, and its implementations have their own columns.
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
