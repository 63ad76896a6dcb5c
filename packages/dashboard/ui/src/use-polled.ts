import { useEffect, useState } from "preact/hooks";
import { get, RequestError } from "./api.ts";

export interface Polled<Answer> {
  /** The last good answer; it stays while later ones fail. */
  readonly value: Answer | undefined;
  /** Why the last request failed; `undefined` when it did not. */
  readonly error: RequestError | undefined;
  /** Asks now. */
  readonly refresh: () => void;
}

/** Asks again and again while the page is visible. */
export function usePolled<Answer>(
  path: string,
  { query = {}, everyMs }: { readonly query?: Readonly<Record<string, string>>; readonly everyMs: number },
): Polled<Answer> {
  const [value, setValue] = useState<Answer>();
  const [error, setError] = useState<RequestError>();
  const [asked, setAsked] = useState(0);
  const key = JSON.stringify(query);
  useEffect(() => {
    const ended = new AbortController();
    let timer: number | undefined;
    const ask = async (): Promise<void> => {
      if (document.visibilityState === "visible") {
        try {
          setValue(await get<Answer>(path, JSON.parse(key) as Record<string, string>, ended.signal));
          setError(undefined);
        } catch (caught) {
          if (ended.signal.aborted) return;
          setError(asRequestError(caught));
        }
      }
      if (!ended.signal.aborted) timer = window.setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      ended.abort();
      window.clearTimeout(timer);
    };
  }, [path, key, everyMs, asked]);
  return { value, error, refresh: () => setAsked((count) => count + 1) };
}

function asRequestError(caught: unknown): RequestError {
  if (caught instanceof RequestError) return caught;
  const message = "the dashboard's process does not answer";
  return new RequestError(0, { error: { code: "UNREACHABLE", message } });
}
