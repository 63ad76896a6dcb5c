const POLL_MS = 50;

/** Waits until `condition` holds. @throws Error that says what was waited for when `deadlineMs` (Unix time) has passed */
export async function until(
  what: string,
  deadlineMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`gave up waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
