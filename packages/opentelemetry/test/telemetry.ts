import { context, propagation, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { vi } from "vitest";

/** What the SDK registers for a process: where contexts live and how they travel. */
export function registerContexts(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
}

/** A provider of tracers that keeps its ended spans. */
export class Telemetry {
  readonly #exporter = new InMemorySpanExporter();
  /** Their ids, in the order of their starts: the clock of spans is too coarse. */
  readonly #order = new Map<string, number>();
  readonly tracerProvider: TracerProvider;

  constructor(sampler?: Sampler) {
    const inOrder: SpanProcessor = {
      onStart: (span) => void this.#order.set(span.spanContext().spanId, this.#order.size),
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    this.tracerProvider = new TracerProvider({
      spanProcessors: [inOrder, new SimpleSpanProcessor({ exporter: this.#exporter })],
      ...(sampler === undefined ? {} : { sampler }),
    });
  }

  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  /** Waits until exactly so many spans have ended. */
  async ended(count: number): Promise<readonly ReadableSpan[]> {
    const check = (): void => {
      const { length } = this.spans;
      if (length !== count) throw new Error(`${length} spans have ended, not ${count}`);
    };
    await vi.waitFor(check, { timeout: 20_000, interval: 20 });
    return this.spans;
  }

  /** The tree of all spans, when exactly so many have ended. */
  async tree(count: number): Promise<string[]> {
    const spans = await this.ended(count);
    const started = (span: ReadableSpan): number => this.#order.get(span.spanContext().spanId) ?? -1;
    return spanTree(spans.toSorted((one, other) => started(one) - started(other)));
  }
}

const SHOWN = ["anytopic.attempt", "anytopic.outcome", "anytopic.dead.letter.reason", "anytopic.skipped", "error.type"];

/**
 * All spans as lines: children below their parent, by subscription and else in the order of `spans`, each with its kind, status, the names of
 * the spans that it links to, and some attributes. Names of topics are left out.
 */
function spanTree(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const short = (span: ReadableSpan): string => span.name.split(" ")[0] ?? "";
  const nameOf = (id: string): string => short(byId.get(id) ?? ({ name: "elsewhere" } as ReadableSpan));
  const subscriptionOf = ({ attributes }: ReadableSpan): string => {
    const name = attributes["messaging.destination.subscription.name"];
    return typeof name === "string" ? name : "";
  };
  const line = (span: ReadableSpan): string => {
    const subscription = subscriptionOf(span);
    const status = span.status.code === SpanStatusCode.ERROR ? " ERROR" : "";
    const links = span.links.map((link) => nameOf(link.context.spanId)).join(",");
    const shown = SHOWN.filter((key) => span.attributes[key] !== undefined).map(
      (key) => `${key.split(".").at(-1)}=${String(span.attributes[key])}`,
    );
    return [
      `${short(span)} ${SpanKind[span.kind]}${status}`,
      ...(subscription === "" ? [] : [subscription.split("-").at(-1)]),
      ...(links === "" ? [] : [`links=${links}`]),
      ...shown,
    ].join(" ");
  };
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) => {
        const id = parentSpanContext?.spanId;
        return parent === undefined ? id === undefined || !byId.has(id) : id === parent;
      })
      .toSorted((one, other) => subscriptionOf(one).localeCompare(subscriptionOf(other)))
      .flatMap((span) => [`${indent}${line(span)}`, ...below(span.spanContext().spanId, `${indent}  `)]);
  return below(undefined, "");
}
