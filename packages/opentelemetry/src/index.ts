export { openTelemetry } from "./open-telemetry.ts";
export type { Correlation, OpenTelemetryOptions } from "./options.ts";
export { observeOutbox, type ObserveOutboxOptions } from "./observe-outbox.ts";
export type { MeasuredOutboxTopic, MeasuredRelay } from "./metrics/measured-relay.ts";
export type { Spelling } from "./conventions/spelling.ts";
export { messageContext, type MessageContextOptions } from "./traces/message-context.ts";
