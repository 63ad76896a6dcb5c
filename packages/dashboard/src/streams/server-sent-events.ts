const HEARTBEAT_MS = 15_000;
/** The shortest time between two messages: what happens within it travels together. */
const GATHER_MS = 50;

/** What a stream sends, in the order of the calls. */
export interface StreamSource {
  /** The next message; `undefined` when there is none yet. Called when the visitor has taken the former one: a slow one has no queue here. */
  next(): { readonly id: string; readonly data: object } | "end" | undefined;
  /** Calls `wake` once, when there may be something. Returns how to forget it. */
  atNext(wake: () => void): () => void;
  /** Called once, when the stream has ended or nobody reads it any more. */
  left?(): void;
}

/** Server-sent events, until the visitor leaves, the signal aborts, or the source says so. */
export function serverSentEvents(source: StreamSource, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  const left = new AbortController();
  const ended = AbortSignal.any([signal, left.signal]);
  const leave = (): void => left.abort();
  if (ended.aborted) source.left?.();
  else ended.addEventListener("abort", () => source.left?.(), { once: true });
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!isFirst) await pause(GATHER_MS, ended);
      isFirst = false;
      for (;;) {
        const message = ended.aborted ? "end" : source.next();
        if (message === "end") {
          leave();
          return controller.close();
        }
        if (message !== undefined) {
          return controller.enqueue(encoder.encode(`id: ${message.id}\ndata: ${JSON.stringify(message.data)}\n\n`));
        }
        const woken = await somethingOrHeartbeat(source, ended);
        if (woken === "heartbeat") return controller.enqueue(encoder.encode(": still here\n\n"));
      }
    },
    cancel: leave,
  });
  const headers = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  };
  return new Response(body, { headers });
}

async function somethingOrHeartbeat(source: StreamSource, ended: AbortSignal): Promise<"something" | "heartbeat"> {
  return await new Promise((resolve) => {
    const done = (what: "something" | "heartbeat"): void => {
      clearTimeout(timer);
      forget();
      ended.removeEventListener("abort", wake);
      resolve(what);
    };
    const wake = (): void => done("something");
    const timer = setTimeout(() => done("heartbeat"), HEARTBEAT_MS);
    const forget = source.atNext(wake);
    ended.addEventListener("abort", wake, { once: true });
  });
}

/** Shorter when `ended` aborts. */
async function pause(ms: number, ended: AbortSignal): Promise<void> {
  if (ended.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      ended.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    ended.addEventListener("abort", done, { once: true });
  });
}
