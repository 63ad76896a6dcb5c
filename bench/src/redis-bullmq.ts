import { randomUUID } from "node:crypto";

import { Queue, Worker } from "bullmq";

import { nextEvent } from "./event.ts";
import type { Form } from "./form.ts";

/** Jobs that are added together. */
const BULK = 50;

/** A queue of jobs on Redis: `addBulk`, and a worker with as many jobs at a time as anytopic has handlers. */
export async function bullmqForm(host: string, port: number, window: number): Promise<Form> {
  const connection = { host, port, maxRetriesPerRequest: null };
  const name = `bull-${randomUUID().slice(0, 8)}`;
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  const options = { removeOnComplete: true, removeOnFail: true };
  return {
    name: "BullMQ: addBulk; Worker",
    async publish(count): Promise<void> {
      let left = count;
      const loop = async (): Promise<void> => {
        while (left > 0) {
          const size = Math.min(BULK, left);
          left -= size;
          await queue.addBulk(
            Array.from({ length: size }, () => ({ name: "event", data: nextEvent(), opts: options })),
          );
        }
      };
      await Promise.all(Array.from({ length: Math.ceil(window / BULK) }, loop));
    },
    async consume(count): Promise<void> {
      let left = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const worker = new Worker(name, async () => {}, { connection, concurrency: 100 });
      worker.on("completed", () => {
        left -= 1;
        if (left === 0) resolve();
      });
      await promise;
      await worker.close();
    },
    async close(): Promise<void> {
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
}
