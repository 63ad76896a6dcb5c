import { ROOT_CONTEXT, type Span, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import type { AttemptInfo, Instrumentation, SettleKind } from "@anytopic/core";

import * as at from "../conventions/attribute-names.ts";
import type { CheckedOptions } from "../options.ts";
import { fail } from "./failure.ts";
import { messageContext } from "./message-context.ts";
import { type SpanNames, spanNames } from "./span-names.ts";

/** The spans of settles at the broker, below those of their attempts. A message that no handler has got has none to be below. */
export function settleSpans(
  tracer: Tracer,
  { spelling }: CheckedOptions,
  attempts: WeakMap<AttemptInfo, Span>,
): NonNullable<Instrumentation["settle"]> {
  const namesOf = (operation: SettleKind): SpanNames =>
    spanNames({ operation, type: "settle", side: "consume" }, spelling);
  const names: Readonly<Record<SettleKind, SpanNames>> = {
    ack: namesOf("ack"),
    retry: namesOf("retry"),
    release: namesOf("release"),
  };
  return (attempt, settle) => {
    const { adapter, topic, subscription, id, attributes } = attempt;
    const common = names[settle].of(adapter, topic, subscription);
    const creation = trace.getSpanContext(messageContext(attributes));
    const above = attempts.get(attempt);
    const span = tracer.startSpan(
      common.name,
      {
        kind: SpanKind.CLIENT,
        attributes: { ...common.attributes, [at.MESSAGE_ID]: id, [at.ATTEMPT]: attempt.attempt },
        ...(creation === undefined ? undefined : { links: [{ context: creation }] }),
      },
      above === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, above),
    );
    return (error) => {
      if (error !== undefined) fail(span, at.SETTLE_EXCEPTION, error, common.attributes);
      span.end();
    };
  };
}
