import { context, type Link, type Span, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import type {
  BatchEnd,
  BatchInfo,
  Carrier,
  Instrumentation,
  PublishEnd,
  PublishInfo,
  RedriveInfo,
} from "@anytopic/core";

import * as at from "../conventions/attribute-names.ts";
import type { CheckedOptions } from "../options.ts";
import { fail } from "./failure.ts";
import { messageAttributes } from "./message-attributes.ts";
import { givenContext, injectSpan, messageContext } from "./message-context.ts";
import { spanNames } from "./span-names.ts";

/** The spans of publishing: `publish`, `create` for each entry of a batch with one `publish` for all of them, and `redrive`. */
export function publishSpans(
  tracer: Tracer,
  options: CheckedOptions,
): Pick<Instrumentation, "publish" | "publishBatch" | "redrive"> {
  const { spelling, baggage } = options;
  const publishNames = spanNames({ operation: "publish", type: "send", side: "publish" }, spelling);
  const createNames = spanNames({ operation: "create", type: "create", side: "publish" }, spelling);
  const redriveNames = spanNames({ operation: "redrive", type: "send", side: "publish" }, spelling);
  const batchSpans = new WeakMap<BatchInfo, Span>();

  return {
    publish(info: PublishInfo, carrier: Carrier): (end: PublishEnd) => void {
      const { batch } = info;
      const common = (batch === undefined ? publishNames : createNames).of(info.adapter, info.topic, "");
      const given = givenContext(info.attributes);
      const active = context.active();
      const attributes = messageAttributes(common.attributes, info, options);
      const span = tracer.startSpan(
        common.name,
        { kind: SpanKind.PRODUCER, attributes, ...(given && { links: [{ context: given }] }) },
        active,
      );
      // What the caller has set travels, so that a forwarded message stays in the trace that it came from.
      if (given === undefined) injectSpan(carrier, trace.setSpan(active, span), baggage);
      const creation = given ?? span.spanContext();
      if (batch !== undefined) batchSpans.get(batch)?.addLink({ context: creation });
      return ({ error }) => {
        if (error !== undefined) {
          fail(span, batch === undefined ? at.SEND_EXCEPTION : at.CREATE_EXCEPTION, error, common.attributes);
        }
        span.end();
      };
    },

    publishBatch(batch: BatchInfo): (end: BatchEnd) => void {
      const common = publishNames.of(batch.adapter, batch.topic, "");
      const attributes = { ...common.attributes, [at.BATCH_MESSAGE_COUNT]: batch.messages };
      const span = tracer.startSpan(common.name, { kind: SpanKind.CLIENT, attributes }, context.active());
      batchSpans.set(batch, span);
      return ({ error }) => {
        if (error !== undefined) fail(span, at.SEND_EXCEPTION, error, common.attributes);
        span.end();
      };
    },

    redrive(letter: RedriveInfo): (end: PublishEnd) => void {
      const common = redriveNames.of(letter.adapter, letter.topic, letter.subscription);
      const attributes = { ...common.attributes, [at.MESSAGE_ID]: letter.id };
      const creation = trace.getSpanContext(messageContext(letter.attributes));
      const links: Link[] = creation === undefined ? [] : [{ context: creation }];
      const span = tracer.startSpan(common.name, { kind: SpanKind.PRODUCER, attributes, links }, context.active());
      return ({ error }) => {
        if (error !== undefined) fail(span, at.SEND_EXCEPTION, error, common.attributes);
        span.end();
      };
    },
  };
}
