import { useEffect, useRef, useState } from "preact/hooks";
import { basePath } from "../base-path.ts";

export type StreamState = "connecting" | "live" | "lost" | "ended";

/**
 * Server-sent events of an address below `/api/`, while the page is visible; after that it goes on where it was. `onBatch` gets each
 * message. `undefined` as the address: nothing is opened. `whileHidden`: also while the page is in the background.
 */
export function useStream(
  address: string | undefined,
  onBatch: (batch: unknown) => void,
  { whileHidden = false }: { readonly whileHidden?: boolean } = {},
): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const newest = useRef(onBatch);
  newest.current = onBatch;
  const wanted = useRef(address);
  wanted.current = address;
  useEffect(() => {
    if (address === undefined) return undefined;
    let lastId = "";
    let source: EventSource | undefined;
    let again: number | undefined;
    const close = (): void => {
      source?.close();
      source = undefined;
      window.clearTimeout(again);
    };
    const open = (): void => {
      close();
      const separator = address.includes("?") ? "&" : "?";
      const after = lastId === "" ? "" : `${separator}after=${encodeURIComponent(lastId)}`;
      source = new EventSource(`${basePath}/api/${address}${after}`);
      source.addEventListener("open", () => setState("live"));
      source.addEventListener("message", (event: MessageEvent<string>) => {
        // The former stream ends a moment after another one is wanted.
        if (wanted.current !== address) return;
        lastId = event.lastEventId;
        newest.current(JSON.parse(event.data));
      });
      source.addEventListener("error", () => {
        setState("lost");
        // The browser tries again by itself, except after an answer that is no stream.
        if (source?.readyState === EventSource.CLOSED) again = window.setTimeout(open, 3000);
      });
    };
    const follow = (): void => (whileHidden || document.visibilityState === "visible" ? open() : close());
    setState("connecting");
    follow();
    if (!whileHidden) document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      close();
    };
  }, [address, whileHidden]);
  return state;
}
