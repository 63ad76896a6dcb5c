import type { EventBatch, SeenEvent } from "../src/api/event-batch.ts";

/** Reads a stream of server-sent events as a browser does. */
export interface EventReader extends AsyncDisposable {
  /** All events so far. */
  readonly events: readonly SeenEvent[];
  readonly batches: readonly EventBatch[];
  /** The id of the newest message. */
  readonly lastId: string;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export function readEvents(response: Response): EventReader {
  const batches: EventBatch[] = [];
  const events: SeenEvent[] = [];
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
        const batch = JSON.parse(data) as EventBatch;
        lastId = id;
        batches.push(batch);
        events.push(...batch.events);
      }
    }
  };
  const ended = read();
  const stop = async (): Promise<void> => {
    await reader.cancel();
    await ended;
  };
  return {
    events,
    batches,
    get lastId() {
      return lastId;
    },
    ended,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
