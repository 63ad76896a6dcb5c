import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const EVERY_MS = 10;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function usedBytes(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
  return heap + outside;
}

/**
 * Measures this process's memory from now on. The returned function stops that, and returns by how much the peak was
 * above the level at the start, garbage included.
 */
export function watchMemory(): () => number {
  collectGarbage();
  const before = usedBytes();
  let most = before;
  const look = (): void => void (most = Math.max(most, usedBytes()));
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return most - before;
  };
}
