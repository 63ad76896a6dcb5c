import { useEffect, useMemo, useState } from "preact/hooks";

const EVERY_MS = 200;

/** Returns a function that draws again, however often it is called at most five times a second, and only when the browser has a frame. */
export function useRedraw(): () => void {
  const [, setCount] = useState(0);
  const redraw = useMemo(() => {
    let timer: number | undefined;
    let frame: number | undefined;
    const draw = (): void => {
      frame = undefined;
      setCount((count) => count + 1);
    };
    return {
      ask: (): void => {
        if (timer !== undefined || frame !== undefined) return;
        timer = window.setTimeout(() => {
          timer = undefined;
          frame = window.requestAnimationFrame(draw);
        }, EVERY_MS);
      },
      stop: (): void => {
        window.clearTimeout(timer);
        if (frame !== undefined) window.cancelAnimationFrame(frame);
      },
    };
  }, []);
  useEffect(() => redraw.stop, []);
  return redraw.ask;
}
