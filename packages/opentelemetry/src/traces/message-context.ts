import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";

/** What Google's own client library calls `traceparent`. Read where there is no other: https://github.com/googleapis/google-cloud-node, read 2026-11-25. */
const GOOGLE_TRACEPARENT = "googclient_traceparent";

/** Whose context a message carries. */
export interface MessageContextOptions {
  /** Whether `baggage` counts. @default false: it may hold personal data, and anyone who can publish can write it */
  readonly baggage?: boolean | undefined;
}

/**
 * The context in which a message was published, read from its attributes by the registered propagators. Without one, the root
 * context. For readers of the pull form, who continue the trace by themselves.
 */
export function messageContext(
  attributes: Readonly<Record<string, string>>,
  { baggage = false }: MessageContextOptions = {},
): Context {
  const plain = propagation.extract(ROOT_CONTEXT, attributes, defaultTextMapGetter);
  const google = attributes[GOOGLE_TRACEPARENT];
  const found =
    google === undefined || trace.getSpanContext(plain) !== undefined
      ? plain
      : propagation.extract(plain, { traceparent: google }, defaultTextMapGetter);
  return baggage ? found : withoutBaggage(found);
}

/** Writes the context of a span, and with `baggage` the active baggage, into what is added to the message. */
export function injectSpan(carrier: Record<string, string>, of: Context, baggage: boolean): void {
  propagation.inject(baggage ? of : withoutBaggage(of), carrier, defaultTextMapSetter);
}

/** The context that a publisher has written into the attributes by hand; `undefined` when there is none. */
export function givenContext(attributes: Readonly<Record<string, string>>): SpanContext | undefined {
  for (const field of propagation.fields()) {
    if (Object.hasOwn(attributes, field)) return trace.getSpanContext(messageContext(attributes));
  }
  return undefined;
}

function withoutBaggage(of: Context): Context {
  return propagation.getBaggage(of) === undefined ? of : propagation.deleteBaggage(of);
}
