import { type Histogram, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";

/** Reads when a test asks. */
class TestReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const SHORT: Readonly<Record<string, string>> = {
  "messaging.destination.subscription.name": "subscription",
  "messaging.operation.name": "operation",
  "error.type": "error",
};
const LEFT_OUT = new Set(["messaging.destination.name", "messaging.operation.type", "messaging.system.name"]);

/** A provider of meters, and what it has now. */
export class Metrics {
  readonly #reader = new TestReader();
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });

  /** One line for each value: the name, some attributes, and the value. Of a histogram the number of values. */
  async lines(): Promise<string[]> {
    return (await this.#points())
      .map(({ name, attributes, value }) => {
        const shown = Object.entries(attributes)
          .filter(([key]) => !LEFT_OUT.has(key))
          .map(([key, text]) => ` ${SHORT[key] ?? key}=${String(text)}`);
        return `${name}${shown.toSorted().join("")}: ${value}`;
      })
      .toSorted();
  }

  /** The attributes of all values, by the name of the instrument. */
  async attributeNames(): Promise<ReadonlyMap<string, readonly string[]>> {
    return new Map((await this.#points()).map(({ name, attributes }) => [name, Object.keys(attributes)]));
  }

  async #points(): Promise<{ name: string; attributes: Record<string, unknown>; value: number }[]> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return all.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({
        name: descriptor.name,
        attributes: attributes as Record<string, unknown>,
        value: typeof value === "number" ? value : (value as Histogram).count,
      })),
    );
  }
}
