/** Long enough for sockets that are closing, and for a busy machine. */
const END_WITHIN_MS = 10_000;

/**
 * To be called when the command has nothing more to do: the process should end now. If something keeps it alive, says what,
 * and ends it with exit code 1. An adapter that leaves a socket or a timer behind would keep an application from ending.
 */
export function endInTime(say: (line: string) => unknown): void {
  const timer = setTimeout(() => {
    const left = new Map<string, number>();
    for (const kind of process.getActiveResourcesInfo()) left.set(kind, (left.get(kind) ?? 0) + 1);
    const shown = [...left].map(([kind, count]) => `${count} ${kind}`).join(", ");
    say(`still alive ${END_WITHIN_MS / 1000} s after the end, because something was not closed: ${shown}`);
    process.exit(1);
  }, END_WITHIN_MS);
  // It must not be what keeps the process alive.
  timer.unref();
}
