import type { Context } from "../../context.ts";
import type { NetworkProxy } from "../../harness.ts";

/**
 * Cuts the connection for a moment after one, two and three fifths of `total` publishes; `published` returns how many
 * there are.
 */
export async function cutThreeTimes(
  context: Context,
  proxy: NetworkProxy,
  total: number,
  published: () => number,
): Promise<void> {
  for (const share of [0.2, 0.4, 0.6]) {
    await context.eventually(
      () => published() >= total * share,
      () => `${total * share} publishes; there are ${published()}`,
      60_000,
    );
    await proxy.cut();
    await context.work(300);
    await proxy.heal();
  }
}
