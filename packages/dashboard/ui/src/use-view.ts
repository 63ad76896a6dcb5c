import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Screen, ScreenProps } from "./screens/screen.ts";

interface Loaded {
  readonly path: string;
  /** `undefined` when it could not be fetched. */
  readonly View: FunctionComponent<ScreenProps> | undefined;
}

/** Fetches a screen when it is opened. */
export function useView({ path, load }: Screen): { readonly View: Loaded["View"]; readonly isMissing: boolean } {
  const [loaded, setLoaded] = useState<Loaded>();
  useEffect(() => {
    let isWanted = true;
    const show = (View: Loaded["View"]): void => {
      if (isWanted) setLoaded({ path, View });
    };
    load().then(show, () => show(undefined));
    return () => {
      isWanted = false;
    };
  }, [path, load]);
  const isLoaded = loaded?.path === path;
  return { View: isLoaded ? loaded.View : undefined, isMissing: isLoaded && loaded.View === undefined };
}
