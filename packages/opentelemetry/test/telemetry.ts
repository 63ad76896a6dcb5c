import { context, propagation, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { expect } from "vitest";

/** What the SDK registers for a process: where contexts live and how they travel. */
export function registerContexts(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
}

/** A provider of tracers that keeps its ended spans. */
export class Telemetry {
  readonly #exporter = new InMemorySpanExporter();
  readonly tracerProvider: TracerProvider;

  constructor(sampler?: Sampler) {
    this.tracerProvider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })],
      ...(sampler === undefined ? {} : { sampler }),
    });
  }

  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  /** Waits until exactly so many spans have ended. */
  async ended(count: number): Promise<readonly ReadableSpan[]> {
    await expect.poll(() => this.spans.length, { timeout: 20_000 }).toBe(count);
    return this.spans;
  }
}

const SHOWN = ["anytopic.attempt", "anytopic.outcome", "anytopic.dead.letter.reason", "anytopic.skipped", "error.type"];

/**
 * All spans as lines: children below their parent, in the order of subscription and attempt, each with its kind, status, the names of
 * the spans that it links to, and some attributes. Names of topics are left out.
 */
export function spanTree(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const short = (span: ReadableSpan): string => span.name.split(" ")[0] ?? "";
  const nameOf = (id: string): string => short(byId.get(id) ?? ({ name: "elsewhere" } as ReadableSpan));
  const line = (span: ReadableSpan): string => {
    const subscription = span.attributes["messaging.destination.subscription.name"];
    const status = span.status.code === SpanStatusCode.ERROR ? " ERROR" : "";
    const links = span.links.map((link) => nameOf(link.context.spanId)).join(",");
    const shown = SHOWN.filter((key) => span.attributes[key] !== undefined).map(
      (key) => `${key.split(".").at(-1)}=${String(span.attributes[key])}`,
    );
    return [
      `${short(span)} ${SpanKind[span.kind]}${status}`,
      ...(subscription === undefined ? [] : [String(subscription).split("-").at(-1)]),
      ...(links === "" ? [] : [`links=${links}`]),
      ...shown,
    ].join(" ");
  };
  const order = (span: ReadableSpan): string =>
    [
      String(span.attributes["messaging.destination.subscription.name"] ?? ""),
      String(span.startTime[0]).padStart(12, "0"),
      String(span.startTime[1]).padStart(9, "0"),
    ].join(" ");
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) => {
        const id = parentSpanContext?.spanId;
        return parent === undefined ? id === undefined || !byId.has(id) : id === parent;
      })
      .toSorted((one, other) => order(one).localeCompare(order(other)))
      .flatMap((span) => [`${indent}${line(span)}`, ...below(span.spanContext().spanId, `${indent}  `)]);
  return below(undefined, "");
}
