import { openTelemetry, type OpenTelemetryOptions } from "@anytopic/opentelemetry";
import { expect, test } from "vitest";

test.for<readonly [object, string]>([
  [{ corelate: "link" }, 'openTelemetry: unknown option "corelate"; known are '],
  [{ correlate: "child" }, 'openTelemetry: correlate is "child": must be "parent+link" or "link"'],
  [{ traces: "yes" }, 'openTelemetry: traces is "yes": must be true or false'],
  [{ parentMaxAgeMs: -1 }, "openTelemetry: parentMaxAgeMs is -1: must be a number from 0 to Infinity"],
  [{ statsEveryMs: 1000 }, "openTelemetry: statsEveryMs is 1000: must be a number from 15000 to 86400000"],
  [{ spelling: "old" }, 'openTelemetry: spelling is "old": must be "both" or "new"'],
  [{ tracerProvider: {} }, "openTelemetry: tracerProvider is an object: must have the method getTracer"],
])("%o is refused", ([options, message]) => {
  expect(() => openTelemetry(options as OpenTelemetryOptions)).toThrow(TypeError);
  expect(() => openTelemetry(options as OpenTelemetryOptions)).toThrow(message);
});

test("what is not wanted is not there, so that it costs nothing", () => {
  expect(Object.keys(openTelemetry({ traces: false, metrics: false }))).toEqual(["connected"]);
  expect(openTelemetry()).not.toHaveProperty("settle");
  expect(openTelemetry({ traces: false })).not.toHaveProperty("quiet");
  expect(openTelemetry({ quietClients: false })).not.toHaveProperty("quiet");
  expect(openTelemetry({ metrics: false })).not.toHaveProperty("connected");
});
