import { randomUUID } from "node:crypto";
import {
  type Adapter,
  connect,
  defineSubscription,
  defineTopic,
  type PubSub,
  type PubSubError,
  type Subscription,
  silentLogger,
  type Topic,
} from "@anytopic/core";
import { forwardDriver, forwardPublisher, intercept } from "@anytopic/core/intercept";
import { memory } from "@anytopic/memory";
import { createOutbox, type Outbox, type Relay, type RelayOptions } from "@anytopic/outbox";
import type { SqlExecutor } from "@anytopic/sql";
import { onTestFinished } from "vitest";
import { type DatabaseKind, openDatabase, type TestDatabase } from "./databases.ts";

export interface Step {
  readonly key: string;
  readonly number: number;
}

/** An outbox in a database of its own, with an ordered topic on a memory broker that can be made to fail. */
export interface Story {
  readonly database: TestDatabase;
  readonly outbox: Outbox<SqlExecutor>;
  readonly pubsub: PubSub;
  readonly topic: Topic<Step>;
  readonly subscription: Subscription<Step>;
  /** What the broker has delivered, in order: `a1`. */
  readonly seen: readonly string[];
  /** How many messages the broker has not answered. */
  readonly silent: number;
  /** Writes and commits, one transaction for each: `a1`. Returns the ids. */
  commit(...steps: readonly string[]): Promise<readonly string[]>;
  relay(options?: Partial<RelayOptions>): Promise<Relay>;
  /** How many rows a table of the outbox has. */
  count(table: "outbox" | "outbox_hold" | "outbox_parked"): Promise<number>;
}

/** An ordered topic of steps. */
export function stepsTopic(name: string): Topic<Step> {
  return defineTopic<Step>(name, { orderingKey: ({ key }) => key });
}

/** Decides by the message whether publishing it fails. `"silence"`: the broker never answers. */
export type Failure = (step: Step) => PubSubError | "silence" | undefined;

export async function openStory(
  kind: DatabaseKind,
  failure: Failure = () => undefined,
  databaseUrl?: string,
): Promise<Story> {
  const database = await openDatabase(kind, databaseUrl);
  onTestFinished(async () => await database.close());
  const topic = stepsTopic(`steps-${randomUUID()}`);
  const subscription = defineSubscription(topic, "seen");
  const silent: Step[] = [];
  // A broker that never answers keeps a key in core for so long.
  const publish = { timeoutMs: 3000 };
  const pubsub = await connect(failing(failure, silent), {
    publish,
    logger: silentLogger,
    declarations: [subscription],
  });
  onTestFinished(async () => await pubsub.close());
  const seen: string[] = [];
  await pubsub.subscribe(subscription, ({ key, number }) => void seen.push(`${key}${number}`));
  const outbox = outboxOf(database);
  return {
    database,
    outbox,
    pubsub,
    topic,
    subscription,
    seen,
    get silent() {
      return silent.length;
    },
    commit: async (...steps) => await commit(database, outbox, topic, steps),
    async relay(options = {}) {
      const relay = await outbox.relay(pubsub, { pool: database.pool, topics: [topic], ...options });
      // Before the database is closed: these functions run in the opposite order.
      onTestFinished(async () => await relay.close());
      return relay;
    },
    count: async (table) => await countRows(database, table),
  };
}

export function outboxOf({ dialect, tables }: TestDatabase): Outbox<SqlExecutor> {
  return createOutbox({ dialect, ...tables, executor: (tx: SqlExecutor) => tx });
}

export async function commit(
  { pool }: TestDatabase,
  outbox: Outbox<SqlExecutor>,
  topic: Topic<Step>,
  steps: readonly string[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const step of steps) {
    ids.push(await pool.transaction(async (tx) => await outbox.publish(tx, topic, stepOf(step))));
  }
  return ids;
}

export async function countRows({ pool, tables }: TestDatabase, table: string): Promise<number> {
  const place = tables.schema === undefined ? "" : `${tables.schema}.`;
  const [row] = await pool.query(`SELECT COUNT(*) AS number FROM ${place}anytopic_${table}`, []);
  return Number(row?.["number"]);
}

export function stepOf(text: string): Step {
  const [, key = "", number = ""] = /^(.*?)(\d+)$/.exec(text) ?? [];
  return { key, number: Number(number) };
}

/** A memory broker that refuses what `failure` says. */
function failing(failure: Failure, silent: Step[]): Adapter {
  return intercept(memory({ name: randomUUID() }), (driver) =>
    forwardDriver(driver, {
      async openPublisher(topic) {
        const publisher = await driver.openPublisher(topic);
        if (!topic.name.startsWith("steps-")) return publisher;
        return forwardPublisher(publisher, {
          publish(batch) {
            const accepted = batch.filter((request) => {
              const step = JSON.parse(Buffer.from(request.body).toString()) as Step;
              const error = failure(step);
              if (error === "silence") silent.push(step);
              else if (error !== undefined) request.reject(error);
              return error === undefined;
            });
            if (accepted.length > 0) publisher.publish(accepted);
          },
        });
      },
    }),
  );
}
