const TICK_MS = 50;
const STANDSTILL_MS = 250;

/** Reports when the event loop stood still, for whatever reason. Returns a function that ends it. Keeps no process alive. */
export function watchStandstills(report: (forMs: number) => void): () => void {
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - lastMs > TICK_MS + STANDSTILL_MS) report(nowMs - lastMs);
    lastMs = nowMs;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Nothing else happens in this process meanwhile: no timer fires, no socket is read. */
export function blockEventLoop(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}
