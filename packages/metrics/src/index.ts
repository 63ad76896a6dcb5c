export { metrics, type Metrics } from "./metrics.ts";
export type { Buckets, MetricsOptions } from "./options.ts";
export type { MeasuredOutbox, MeasuredOutboxTopic, MeasuredRelay, MetricsSource } from "./sources.ts";
