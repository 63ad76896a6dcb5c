import { useEffect, useState } from "preact/hooks";
import { basePath } from "./base-path.ts";

/** The address of a screen, without the base: `/letters?of=signups/welcome`. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

function current(): Place {
  const { pathname, search } = window.location;
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname;
  return { path: path === "" ? "/" : path, query: new URLSearchParams(search) };
}

const MOVED = "anytopic:moved";

/** Shows another screen, or the same one with other parameters. */
export function go(address: string): void {
  window.history.pushState(null, "", `${basePath}${address}`);
  window.dispatchEvent(new Event(MOVED));
}

/** Keeps a word of the screen in its address, such as a filter, so that it survives a reload and can be sent to others. */
export function replaceQuery(name: string, value: string): void {
  const address = new URL(window.location.href);
  if (value === "") address.searchParams.delete(name);
  else address.searchParams.set(name, value);
  window.history.replaceState(null, "", address);
  window.dispatchEvent(new Event(MOVED));
}

/** Where the visitor is; changes with every click on a link of the page, and with the browser's buttons. */
export function usePlace(): Place {
  const [place, setPlace] = useState(current);
  useEffect(() => {
    const update = (): void => setPlace(current());
    window.addEventListener("popstate", update);
    window.addEventListener(MOVED, update);
    return () => {
      window.removeEventListener("popstate", update);
      window.removeEventListener(MOVED, update);
    };
  }, []);
  return place;
}
