import { type Attributes, type Span, SpanStatusCode, trace, ROOT_CONTEXT } from "@opentelemetry/api";

import * as at from "../conventions/attribute-names.ts";
import { errorType } from "../conventions/error-type.ts";
import { logException } from "./exception-log.ts";

/** Marks the span as failed, and writes the failure as a log event that belongs to it. */
export function fail(span: Span, event: string, error: unknown, common: Attributes): void {
  const type = errorType(error);
  if (span.isRecording()) {
    span.setAttribute(at.ERROR_TYPE, type);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  logException(event, type, common, trace.setSpan(ROOT_CONTEXT, span));
}
