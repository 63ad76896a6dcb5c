import { setTimeout as pause } from "node:timers/promises";
import { connect, defineSubscription, defineTopic, type Subscription, type Topic } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { plainClient } from "./plain-client.ts";

export interface Numbered {
  readonly key: string;
  readonly number: number;
}

/** The same in the test and in its worker processes. */
export function orderedDeclarations(name: string): {
  readonly topic: Topic<Numbered, Numbered>;
  readonly subscription: Subscription<Numbered>;
} {
  const topic = defineTopic<Numbered>(name, { orderingKey: ({ key }) => key });
  const retryPolicy = { maxRetries: 20, minBackoffMs: 10, maxBackoffMs: 60 };
  const subscription = defineSubscription(topic, "mail", { ackDeadlineMs: 1500, maxConcurrency: 8, retryPolicy });
  return { topic, subscription };
}

/** What a worker notes in a list of the server, which puts the notes of all workers into one order. */
export interface Note {
  readonly worker: number;
  readonly what: "start" | "failed" | "done" | "died";
  readonly key: string;
  readonly number: number;
  readonly attempt: number;
}

/** A separate process that can be killed. Every seventh message fails twice, so that its successors must wait. */
async function work(servers: string, name: string, worker: number): Promise<void> {
  const { subscription } = orderedDeclarations(name);
  const client = await plainClient(`redis://${servers}`);
  const note = async (what: Note["what"], { key, number }: Numbered, attempt: number): Promise<void> => {
    await client.send("RPUSH", `notes-${name}`, JSON.stringify({ worker, what, key, number, attempt } satisfies Note));
  };
  const pubsub = await connect(redis({ servers }), { provisioning: "off" });
  await pubsub.subscribe(subscription, async (event, { attempt }) => {
    await note("start", event, attempt);
    await pause(event.number % 3);
    if (event.number % 7 === 3 && attempt < 3) {
      await note("failed", event, attempt);
      throw new Error("not yet");
    }
    await note("done", event, attempt);
  });
  const close = async (): Promise<void> => {
    await pubsub.close();
    await client.close();
    process.disconnect();
  };
  process.on("message", () => void close());
  process.send?.("ready");
}

const [, , servers, name, worker] = process.argv;
if (process.send !== undefined && worker !== undefined) await work(servers ?? "", name ?? "", Number(worker));
