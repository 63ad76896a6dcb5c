import * as api from "@opentelemetry/api";

import * as at from "../conventions/attribute-names.ts";
import { SCOPE } from "../scope.ts";

/** WARN, which the conventions ask for: the caller or the retry policy deals with the error. */
const SEVERITY_WARN = 13;

/**
 * Writes a failure as a log event, with the error's type and never with its text. The API has logs since 1.10; before that, and without a registered
 * provider of logs, the span's status and `error.type` are all there is.
 */
export function logException(event: string, type: string, attributes: api.Attributes, context: api.Context): void {
  if (!("logs" in api)) return;
  const logger = api.logs.getLogger(SCOPE);
  if (!logger.enabled({ context, severityNumber: SEVERITY_WARN, eventName: event })) return;
  logger.emit({
    eventName: event,
    severityNumber: SEVERITY_WARN,
    context,
    attributes: { ...attributes, [at.EXCEPTION_TYPE]: type },
  });
}
