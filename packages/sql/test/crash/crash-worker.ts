/** A worker that kills itself, once for each message, at the step that the message names. Its argument is a `CrashTask`. */
import { connect, type Handler, type HandlerContext, silentLogger } from "@anytopic/core";
import { forwardDelivery, forwardDriver, intercept, openWrappedSubscriber } from "@anytopic/core/intercept";
import { tableNames } from "@anytopic/sql";
import { type CrashBroker, crashAdapter } from "./crash-brokers.ts";
import { crashDatabase, type DatabaseTask } from "./crash-databases.ts";
import { type Charge, crashDeclarations, type Form, type Step } from "./crash-declarations.ts";

export interface CrashTask {
  readonly broker: CrashBroker;
  readonly database: DatabaseTask;
  readonly name: string;
  readonly ackDeadlineMs: number;
  /** How this worker marks its messages. */
  readonly form: Form;
}

/** What it says to its parent. */
export interface FromCrashWorker {
  readonly acked: string;
}

const task = JSON.parse(process.argv[2] ?? "") as CrashTask;
const declared = crashDeclarations(task.name, task.ackDeadlineMs);
const database = crashDatabase(task.database);
const table = tableNames(task.database.dialect, task.database);
/** The messages whose acknowledgement kills the process, and at which step. */
const dying = new Map<string, Step>();

const die = (): void => void process.kill(process.pid, "SIGKILL");
const tell = (message: FromCrashWorker): void => void process.send?.(message);

/** The first process that reaches this step with this message dies there. Committed before: no effect is lost with it. */
async function mayDie(id: string, step: Step): Promise<boolean> {
  const select = `SELECT id FROM ${table("crash")} WHERE id = $1`;
  if ((await database.autocommit.query(select, [id])).length > 0) return false;
  await database.autocommit.query(`INSERT INTO ${table("crash")} (id, step) VALUES ($1, $2)`, [id, step]);
  return true;
}

async function at(reached: Step, { step }: Charge, { id }: Pick<HandlerContext, "id">): Promise<void> {
  if (reached !== step || !(await mayDie(id, step))) return;
  die();
  // The signal is delivered asynchronously.
  await new Promise(() => {});
}

/** Whether the acknowledgement of this message will kill the process. */
async function armed({ step }: Charge, { id }: HandlerContext): Promise<void> {
  if ((step === "acking" || step === "ack sent") && (await mayDie(id, step))) dying.set(id, step);
}

const effect = async (tx: never, id: string): Promise<void> =>
  void (await database
    .executor(tx)
    .query(`INSERT INTO ${table("effect")} (id, worker) VALUES ($1, $2)`, [id, String(process.pid)]));

const adapter = intercept(await crashAdapter(task.broker), (driver) =>
  forwardDriver(driver, {
    openSubscriber: async (subscription, sink, options) =>
      await openWrappedSubscriber(driver, subscription, sink, options, {
        wrap: (delivery) =>
          forwardDelivery(delivery, {
            ack() {
              const acked = delivery.owner.ack(delivery);
              const step = dying.get(delivery.id);
              if (step === "acking") die();
              // The turn in which the acknowledgement is written has passed; its confirmation may have come or not.
              if (step === "ack sent") setImmediate(die);
              if (acked === undefined) tell({ acked: delivery.id });
              else acked.then(() => tell({ acked: delivery.id })).catch(() => {});
              return acked;
            },
          }),
      }),
  }),
);

const pubsub = await connect(adapter, { provisioning: "off", inbox: database.inbox, logger: silentLogger });
const inTransaction = database.inbox.inTransaction(
  declared.transaction.subscription,
  async (work) => await database.transaction(work),
  async (charge, context) => {
    await at("begun", charge, context);
    await effect(context.tx, context.id);
    await at("effect", charge, context);
  },
);
const handlers: Readonly<Record<Form, Handler<Charge>>> = {
  transaction: inTransaction,
  async claim(charge, context) {
    await at("begun", charge, context);
    await database.transaction(async (tx) => {
      await effect(tx, context.id);
      await at("effect", charge, context);
      await context.inbox?.complete(tx);
      await at("marked", charge, context);
    });
  },
};
await pubsub.subscribe(
  declared[task.form].subscription,
  async (charge, context) => {
    await handlers[task.form](charge, context);
    await at("committed", charge, context);
    await armed(charge, context);
  },
  // One message at a time, so that no other one dies with it.
  { maxConcurrency: 1, prefetch: 0 },
);
