import type { EventBatch, SeenEvent } from "../src/api/event-batch.ts";

/** Reads a stream of server-sent events as a browser does. */
export interface BatchReader<Batch> extends AsyncDisposable {
  readonly batches: readonly Batch[];
  /** The id of the newest message. */
  readonly lastId: string;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface EventReader extends BatchReader<EventBatch> {
  /** All events so far. */
  readonly events: readonly SeenEvent[];
}

export function readEvents(response: Response): EventReader {
  const reader = readBatches<EventBatch>(response);
  const events = (): readonly SeenEvent[] => reader.batches.flatMap((batch) => batch.events);
  return Object.defineProperty(reader as EventReader, "events", { get: events });
}

export function readBatches<Batch>(response: Response): BatchReader<Batch> {
  const batches: Batch[] = [];
  let lastId = "";
  let text = "";
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(part) ?? [];
        if (id === undefined || data === undefined) continue;
        const batch = JSON.parse(data) as Batch;
        lastId = id;
        batches.push(batch);
      }
    }
  };
  const ended = read();
  const stop = async (): Promise<void> => {
    await reader.cancel();
    await ended;
  };
  return {
    batches,
    get lastId() {
      return lastId;
    },
    ended,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
