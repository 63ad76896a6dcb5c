import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import type { AttemptEnd, AttemptInfo, Instrumentation } from "@anytopic/core";

import * as at from "../conventions/attribute-names.ts";
import type { CheckedOptions } from "../options.ts";
import { fail } from "./failure.ts";
import { messageAttributes } from "./message-attributes.ts";
import { messageContext } from "./message-context.ts";
import { type CommonParts, type SpanNames, spanNames } from "./span-names.ts";

type AttemptMethods = Required<Pick<Instrumentation, "handle" | "receive" | "skip">>;

/** The spans of attempts: `process` around a handler, and `receive` in the pull form. `attempts`: gets the spans that settles belong to. */
export function attemptSpans(
  tracer: Tracer,
  options: CheckedOptions,
  attempts: WeakMap<AttemptInfo, Span> | undefined,
): AttemptMethods {
  const { spelling } = options;
  const processNames = spanNames({ operation: "process", type: "process", side: "consume" }, spelling);
  const receiveNames = spanNames({ operation: "receive", type: "receive", side: "consume" }, spelling);
  function begin(names: SpanNames, kind: SpanKind, attempt: AttemptInfo): StartedSpan {
    const common = names.of(attempt.adapter, attempt.topic, attempt.subscription);
    const started = startSpan(tracer, options, common, kind, attempt);
    attempts?.set(attempt, started.span);
    return started;
  }

  return {
    handle(attempt, run): unknown {
      const { span, common, creation } = begin(processNames, SpanKind.CONSUMER, attempt);
      // Not the active context: in it an adapter may have silenced its client, and it may belong to another message.
      const inside = trace.setSpan(options.baggage ? creation : ROOT_CONTEXT, span);
      return context.with(inside, run, undefined, (end: AttemptEnd) =>
        endAttempt(span, at.PROCESS_EXCEPTION, common, end),
      );
    },

    receive(attempt): (end: AttemptEnd) => void {
      const { span, common } = begin(receiveNames, SpanKind.CLIENT, attempt);
      return (end) => endAttempt(span, at.RECEIVE_EXCEPTION, common, end);
    },

    skip(attempt, end): void {
      // It was never anybody's: the next attempt tells of it.
      if (end.outcome === "release" || end.outcome === "lost") return;
      const { span, common } = begin(processNames, SpanKind.CONSUMER, attempt);
      span.setAttribute(at.SKIPPED, true);
      endAttempt(span, at.PROCESS_EXCEPTION, common, end);
    },
  };
}

interface StartedSpan {
  readonly span: Span;
  readonly common: CommonParts;
  /** In which the message was published. */
  readonly creation: Context;
}

function startSpan(
  tracer: Tracer,
  options: CheckedOptions,
  common: CommonParts,
  kind: SpanKind,
  attempt: AttemptInfo,
): StartedSpan {
  const creation = messageContext(attempt.attributes, options);
  const created = trace.getSpanContext(creation);
  const span = tracer.startSpan(
    common.name,
    {
      kind,
      attributes: { ...messageAttributes(common.attributes, attempt, options), [at.ATTEMPT]: attempt.attempt },
      ...(created === undefined ? undefined : { links: [{ context: created }] }),
    },
    isParent(options, attempt) ? creation : ROOT_CONTEXT,
  );
  return { span, common, creation };
}

function isParent({ correlate, parentMaxAgeMs }: CheckedOptions, { publishTime }: AttemptInfo): boolean {
  return correlate === "parent+link" && Date.now() - publishTime.getTime() <= parentMaxAgeMs;
}

function endAttempt(span: Span, event: string, { attributes }: CommonParts, end: AttemptEnd): void {
  if (span.isRecording()) {
    span.setAttribute(at.OUTCOME, end.outcome);
    if (end.delayMs !== undefined) span.setAttribute(at.RETRY_DELAY, end.delayMs / 1000);
    if (end.reason !== undefined) span.setAttribute(at.DEAD_LETTER_REASON, end.reason);
  }
  // A message that is given back has not failed, and neither has one whose work was done.
  if (end.outcome !== "ack" && end.outcome !== "release") fail(span, event, end.error, attributes);
  span.end();
}
