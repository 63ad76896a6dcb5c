import { useEffect, useMemo, useState } from "preact/hooks";

const MIN_PAUSE_MS = 200;
const MAX_PAUSE_MS = 1500;
/** The pause is so many times as long as drawing took: the rest of the time is for the visitor. */
const PAUSES = 4;

/** Returns a function that draws again, however often it is called: at most five times a second, less often when drawing takes long, and only when the browser has a frame. */
export function useRedraw(): () => void {
  const [, setCount] = useState(0);
  const redraw = useMemo(() => {
    let timer: number | undefined;
    let frame: number | undefined;
    let pauseMs = MIN_PAUSE_MS;
    const draw = (): void => {
      frame = undefined;
      const begunMs = performance.now();
      setCount((count) => count + 1);
      // Comes after the drawing and the layout.
      window.setTimeout(() => {
        pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, PAUSES * (performance.now() - begunMs)));
      });
    };
    return {
      ask: (): void => {
        if (timer !== undefined || frame !== undefined) return;
        timer = window.setTimeout(() => {
          timer = undefined;
          frame = window.requestAnimationFrame(draw);
        }, pauseMs);
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
