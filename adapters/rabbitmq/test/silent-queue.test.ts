import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, Reject, type Logger } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, expect, test } from "vitest";

/** Only a node of our own has an `admin`. */
const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

const Orders = defineTopic<"retry" | "reject">("silent-orders");
/** Its first retry waits in the queue for delays of up to 2048 ms. */
const Mail = defineSubscription(Orders, "mail", { retryPolicy: { minBackoffMs: 1500, maxBackoffMs: 1500, jitter: 0 } });
const WAIT_QUEUE = "silent-orders.mail.wait.2048ms";

/** The process of a queue, which then answers nothing: as after a kill of its node soon after it was declared (3.10.8). */
async function suspended(queue: string): Promise<() => Promise<void>> {
  const act = async (verb: string): Promise<void> =>
    void (await broker!.admin!(["eval", `sys:${verb}(whereis('%2F_${queue}')).`]));
  await act("suspend");
  return () => act("resume");
}

test.skipIf(broker?.admin === undefined)(
  "a wait queue that does not answer holds up no dead letter, and other retries of its delay for 30 s at most",
  { timeout: 120_000 },
  async () => {
    const logged: string[] = [];
    const note = (_fields: object, message: string): void => void logged.push(message);
    const logger: Logger = { debug: () => {}, info: () => {}, warn: note, error: note };
    const runs: string[] = [];
    const handler = (
      event: "retry" | "reject",
      { id, attempt }: { readonly id: string; readonly attempt: number },
    ): void => {
      runs.push(`${id} ${attempt}`);
      if (event === "reject") throw new Reject("bad");
      if (attempt === 1) throw new Error("not yet");
    };
    {
      await using pubsub = await connect(rabbitmq({ url: broker!.url }));
      await pubsub.subscribe(Mail, handler);
      await pubsub.publish(Orders, "retry", { id: "creates" });
      await expect.poll(() => runs, { timeout: 20_000 }).toEqual(["creates 1", "creates 2"]);
    }

    const resume = await suspended(WAIT_QUEUE);
    await using pubsub = await connect(rabbitmq({ url: broker!.url }), { logger });
    await pubsub.subscribe(Mail, handler);
    await pubsub.publish(Orders, "retry", { id: "stuck" });
    await expect
      .poll(() => logged, { timeout: 20_000 })
      .toContainEqual(expect.stringContaining("others no longer wait"));

    await pubsub.publish(Orders, "reject", { id: "rejected" });
    await expect.poll(() => pubsub.deadLetters(Mail).count(), { timeout: 10_000 }).toBe(1);

    await expect.poll(() => logged, { timeout: 40_000 }).toContainEqual(expect.stringContaining(WAIT_QUEUE));
    await pubsub.publish(Orders, "retry", { id: "later" });
    await expect.poll(() => runs, { timeout: 10_000 }).toContain("later 2");

    await resume();
    await expect.poll(() => runs, { timeout: 20_000 }).toContain("stuck 2");
  },
);
