import { connect } from "@anytopic/core";
import { adapterModule as nats } from "@anytopic/nats";
import { adapterModule as rabbitmq } from "@anytopic/rabbitmq";
import { adapterModule as redis } from "@anytopic/redis";
import { forwardDriver, forwardPublisher, forwardRequest, intercept } from "@anytopic/core/intercept";
import { createOutbox } from "@anytopic/outbox";
import { pgPool, type SqlExecutor, type SqlPool } from "@anytopic/sql";
import { Pool } from "pg";
import type { FromRelayProcess, RelayProcessTask } from "./start-relay-process.ts";
import { stepsTopic } from "./story.ts";

const task = JSON.parse(process.argv[2] as string) as RelayProcessTask;
const say = (message: FromRelayProcess): unknown => process.send?.(message);

/** Stands still for ever, with everything open. */
const forEver = new Promise<never>(() => {});

const MODULES = [nats, rabbitmq, redis];
const module = MODULES.find(({ schemes }) => schemes.includes(new URL(task.brokerUrl).protocol.slice(0, -1)));
if (module === undefined) throw new Error(`no adapter for ${task.brokerUrl}`);
let accepted = 0;
const adapter = intercept(module.fromUrl(task.brokerUrl), (driver) =>
  forwardDriver(driver, {
    async openPublisher(topic) {
      const publisher = await driver.openPublisher(topic);
      return forwardPublisher(publisher, {
        publish: (batch) =>
          publisher.publish(
            batch.map((request) =>
              forwardRequest(request, {
                accept() {
                  accepted += 1;
                  // It goes on from here when it gets SIGCONT.
                  if (accepted === 1 && task.freezes) {
                    say({ type: "accepted" });
                    process.kill(process.pid, "SIGSTOP");
                  }
                  request.accept();
                },
              }),
            ),
          ),
      });
    },
  }),
);

const pubsub = await connect(adapter, { provisioning: "off" });
const pg = new Pool({ connectionString: task.databaseUrl });
pg.on("error", () => {});
const real = pgPool(pg);
const pool: SqlPool = {
  ...real,
  transaction: async (work, options) =>
    await real.transaction(async (tx) => {
      const result = await work(tx);
      if (task.hangs && accepted > 0) {
        say({ type: "accepted" });
        await forEver;
      }
      return result;
    }, options),
};
const outbox = createOutbox({ dialect: "postgres", schema: task.schema, executor: (tx: SqlExecutor) => tx });
const relay = await outbox.relay(pubsub, {
  pool,
  topics: [stepsTopic(task.topic)],
  publishTimeoutMs: task.publishTimeoutMs,
  lanes: task.lanes ?? 4,
});
say({ type: "ready" });
process.on("message", () => {
  void (async () => {
    const { published } = relay.health();
    await relay.close();
    await pubsub.close();
    await pg.end();
    say({ type: "closed", published });
    process.disconnect();
  })();
});
