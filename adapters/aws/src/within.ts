/** What closing is given when nobody says how long it may take, in ms. */
export const CLOSE_TIMEOUT_MS = 5000;
/** Resolves when the work has ended in whatever way, at the latest after `timeoutMs`. Never rejects. */
export async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, timeoutMs));
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimeout(timer);
}
