import { randomUUID } from "node:crypto";

import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";

const COMMON = {
  "messaging.system.name": "memory",
  "messaging.system": "memory",
  "messaging.destination.name": "bench",
};
const PUBLISH = { ...COMMON, "messaging.operation.name": "publish", "messaging.operation.type": "send" };
const PROCESS = {
  ...COMMON,
  "messaging.destination.subscription.name": "worker",
  "messaging.operation.name": "process",
  "messaging.operation.type": "process",
};

/** A message without a library around it: an async call of an async handler, `callers` at a time. */
export function byHand(provider: TracerProvider | undefined, callers: number): (count: number) => Promise<void> {
  const tracer = provider?.getTracer("bench");
  const handler = async (): Promise<void> => {};
  return async (count) => {
    let left = count;
    const loop = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const id = randomUUID();
        await (tracer === undefined ? handler() : traced(tracer, id, handler));
      }
    };
    await Promise.all(Array.from({ length: callers }, loop));
  };
}

/** The least that two spans with a context that travels can cost: what a person would write with the API. */
async function traced(tracer: Tracer, id: string, handler: () => Promise<void>): Promise<void> {
  const active = context.active();
  const attributes = { ...PUBLISH, "messaging.message.id": id };
  const publish = tracer.startSpan("publish bench", { kind: SpanKind.PRODUCER, attributes }, active);
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(active, publish), carrier, defaultTextMapSetter);
  publish.end();
  const creation = propagation.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  const created = trace.getSpanContext(creation);
  const process = tracer.startSpan(
    "process bench",
    {
      kind: SpanKind.CONSUMER,
      attributes: { ...PROCESS, "messaging.message.id": id, "anytopic.attempt": 1 },
      ...(created === undefined ? undefined : { links: [{ context: created }] }),
    },
    creation,
  );
  await context.with(trace.setSpan(ROOT_CONTEXT, process), handler);
  process.setAttribute("anytopic.outcome", "ack");
  process.end();
}
