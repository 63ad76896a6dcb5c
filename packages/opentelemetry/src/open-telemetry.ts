import { metrics, type Span, trace } from "@opentelemetry/api";
import type { AttemptInfo, Instrumentation } from "@anytopic/core";

import { eventMetrics } from "./metrics/event-metrics.ts";
import { LiveState } from "./metrics/live-state.ts";
import { messageMetrics } from "./metrics/message-metrics.ts";
import { Meters } from "./metrics/meters.ts";
import { type CheckedOptions, checkedOptions, type OpenTelemetryOptions } from "./options.ts";
import { SCOPE } from "./scope.ts";
import { attemptSpans } from "./traces/attempt-spans.ts";
import { publishSpans } from "./traces/publish-spans.ts";
import { settleSpans } from "./traces/settle-spans.ts";
import { quiet } from "./traces/suppression.ts";
import { withMetrics } from "./with-metrics.ts";

/**
 * Traces and metrics of a `PubSub`, for `connect({ instrumentation: [openTelemetry()] })`. Make one for each `connect`. The SDK must be
 * registered before that, as `node --import` does: the API of metrics knows only providers that are there already. Without an SDK this
 * does nothing, and costs little.
 *
 * Spans and metrics never hold bodies, attributes of messages or texts of errors.
 *
 * @throws TypeError when an option is unknown or not allowed
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Instrumentation {
  const checked = checkedOptions(options);
  const spans = checked.traces ? traced(checked) : {};
  if (checked.metrics) return metered(spans, checked);
  // `connect` refuses an instrumentation without a method, and a program may switch everything off by its configuration.
  return checked.traces ? spans : { connected: () => {} };
}

function traced(options: CheckedOptions): Instrumentation {
  const tracer = (options.tracerProvider ?? trace).getTracer(SCOPE);
  const attempts = options.settleSpans ? new WeakMap<AttemptInfo, Span>() : undefined;
  return {
    ...publishSpans(tracer, options),
    ...attemptSpans(tracer, options, attempts),
    ...(attempts === undefined ? {} : { settle: settleSpans(tracer, options, attempts) }),
    ...(options.quietClients ? { quiet } : {}),
  };
}

function metered(spans: Instrumentation, options: CheckedOptions): Instrumentation {
  const meters = Meters.of(options.meterProvider ?? metrics.getMeterProvider());
  return {
    ...withMetrics(spans, messageMetrics(meters)),
    observe: eventMetrics(meters),
    connected: (pubsub) => meters.live.add(new LiveState(pubsub, options.statsEveryMs)),
  };
}
