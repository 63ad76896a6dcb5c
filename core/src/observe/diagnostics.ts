import { tracingChannel, type TracingChannel } from "node:diagnostics_channel";

import type { AttemptEnd, AttemptInfo, Carrier, Instrumentation, PublishEnd, PublishInfo } from "./instrumentation.ts";

/** The message on `anytopic:publish`: one object for all events of a publish. */
export interface PublishTrace extends PublishInfo {
  /** A subscriber of `start` may add attributes to it, as an instrumentation does. */
  readonly carrier: Carrier;
  /** Present from `error` on: why the publish failed. */
  error?: unknown;
}

/** The message on `anytopic:process`: one object for all events of an attempt. */
export interface ProcessTrace extends AttemptInfo {
  /** Present from `error` or `asyncStart` on. */
  end?: AttemptEnd;
  /** Present from `error` on: why the attempt failed or was lost. */
  error?: unknown;
}

/** Kept by this module: a channel that nobody keeps is forgotten, and its subscribers with it. */
export const publishTraces: TracingChannel<unknown, PublishTrace> = tracingChannel("anytopic:publish");
export const processTraces: TracingChannel<unknown, ProcessTrace> = tracingChannel("anytopic:process");

const nothing = (): void => {};

/** Tells the channel `anytopic:publish` of every publish. */
export const publishInstrumentation: Instrumentation = Object.freeze({
  publish(publish: PublishInfo, carrier: Carrier): (end: PublishEnd) => void {
    const trace: PublishTrace = { ...publish, carrier };
    publishTraces.start.runStores(trace, nothing);
    publishTraces.end.publish(trace);
    return ({ error }) => ended(publishTraces, trace, error);
  },
});

/** Tells the channel `anytopic:process` of every attempt that a handler or reader gets. */
export const processInstrumentation: Instrumentation = Object.freeze({
  handle(attempt: AttemptInfo, run: (ended: (end: AttemptEnd) => void) => unknown): unknown {
    const trace: ProcessTrace = { ...attempt };
    return processTraces.start.runStores(trace, () => {
      try {
        return run((end) => processed(trace, end));
      } finally {
        processTraces.end.publish(trace);
      }
    });
  },
  receive(attempt: AttemptInfo): (end: AttemptEnd) => void {
    const trace: ProcessTrace = { ...attempt };
    processTraces.start.runStores(trace, nothing);
    processTraces.end.publish(trace);
    return (end) => processed(trace, end);
  },
});

function processed(trace: ProcessTrace, end: AttemptEnd): void {
  trace.end = end;
  ended(processTraces, trace, end.outcome === "release" ? undefined : end.error);
}

function ended<Trace extends { error?: unknown }>(
  channel: TracingChannel<unknown, Trace>,
  trace: Trace,
  error: unknown,
): void {
  if (error !== undefined) {
    trace.error = error;
    channel.error.publish(trace);
  }
  channel.asyncStart.publish(trace);
  channel.asyncEnd.publish(trace);
}
