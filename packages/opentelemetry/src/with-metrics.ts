import type { Instrumentation } from "@anytopic/core";

import type { MessageMetrics } from "./metrics/message-metrics.ts";

/** Spans and numbers as one instrumentation. The span begins first and ends last. */
export function withMetrics(spans: Instrumentation, numbers: MessageMetrics): Instrumentation {
  return {
    ...spans,
    publish(info, carrier) {
      const endSpan = spans.publish?.(info, carrier);
      const count = numbers.publish(info);
      return (end) => {
        count(end);
        endSpan?.(end);
      };
    },
    handle(attempt, run) {
      const count = numbers.begin(attempt);
      if (spans.handle === undefined) return run(count);
      return spans.handle(attempt, (endSpan) =>
        run((end) => {
          count(end);
          endSpan?.(end);
        }),
      );
    },
    receive(attempt) {
      const endSpan = spans.receive?.(attempt);
      const count = numbers.begin(attempt);
      return (end) => {
        count(end);
        endSpan?.(end);
      };
    },
    skip(attempt, end) {
      spans.skip?.(attempt, end);
      numbers.skip(attempt, end);
    },
  };
}
