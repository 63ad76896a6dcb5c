/**
 * Resolves or rejects as `work` does, or rejects with the abort reason as soon as one of `signals` aborts. The work itself goes on: others
 * may wait for it too, and its starter must handle its result.
 */
export async function untilAborted<Value>(
  work: Promise<Value>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<Value> {
  const leave: (() => void)[] = [];
  const aborted = new Promise<never>((_resolve, reject) => {
    for (const signal of signals) {
      if (signal === undefined) continue;
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      leave.push(() => signal.removeEventListener("abort", onAbort));
    }
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    for (const stop of leave) stop();
  }
}
