import type { Statement } from "./behaviour.ts";

/** A test outside the suite that proves a statement, or a part that no adapter can show. */
export interface Elsewhere {
  /** From the root of the repository. */
  readonly file: string;
  readonly proves: string;
}

const PUBLISH = "core/test/publish.test.ts";
const WORKER = "core/test/worker.test.ts";
const LIFE = "core/test/worker-life.test.ts";
const LATE_STARTS = "core/test/late-starts.test.ts";
const CONNECT = "core/test/connect.test.ts";

export const elsewhere: Readonly<Partial<Record<Statement, readonly Elsewhere[]>>> = {
  C1: [{ file: PUBLISH, proves: "a publish that nobody answers times out, and a late answer is ignored" }],
  C3: [{ file: PUBLISH, proves: "the errors of limits name the limit, its value and the actual value" }],
  C4: [{ file: PUBLISH, proves: "batches are split by count and by bytes, in order" }],
  C5: [{ file: PUBLISH, proves: "callers past the window wait in order, and are refused beyond the queue" }],
  C6: [{ file: PUBLISH, proves: "a key under way is taken up again after a failure, and after an abort" }],
  C9: [{ file: WORKER, proves: "core asks for no more messages than it may hold" }],
  C10: [{ file: WORKER, proves: "leases are extended every third of the deadline, on a virtual clock" }],
  C12: [
    {
      file: "adapters/gcp/test/ordered-retry.test.ts",
      proves:
        "on Pub/Sub, which attempts of a key still count after its worker is cut off, with and without later messages of the key in that worker",
    },
  ],
  C13: [{ file: LIFE, proves: "a settle of a revoked delivery is refused" }],
  C16: [{ file: WORKER, proves: "the original is settled only after its letter was stored" }],
  C17: [
    { file: WORKER, proves: "a message whose attempts were used up by crashes is dead-lettered without running" },
    { file: "adapters/rabbitmq/test/broker-side.test.ts", proves: "how RabbitMQ itself is configured" },
  ],
  C20: [
    {
      file: LATE_STARTS,
      proves:
        "a message whose lease has ended does not start, whatever it waited for, and later ones of its key go back with it",
    },
    { file: WORKER, proves: "successors are held, and released when the awaited message is not redelivered" },
    { file: "adapters/nats/test/ordering.test.ts", proves: "order per key across crashes of worker processes" },
    {
      file: "adapters/nats/test/ordered-faults.test.ts",
      proves: "order per key in a simulation of server and connections, with seeded faults",
    },
    {
      file: "adapters/rabbitmq/test/ordered-release.test.ts",
      proves: "many messages of a key that a worker releases at once come again in order",
    },
    {
      file: "adapters/rabbitmq/test/takeover.test.ts",
      proves: "a RabbitMQ worker that takes over delivers nothing before it has what the last one had",
    },
  ],
  C21: [
    {
      file: "core/test/late-claims.test.ts",
      proves:
        "no handler starts with a claim that had lapsed when the answer of the inbox was read: it is claimed again",
    },
    {
      file: LATE_STARTS,
      proves: "nor with a claim that lapses later: in a schema or an instrumentation, or before a reader comes",
    },
    {
      file: "core/test/batch-late-starts.test.ts",
      proves: "the same for a message that waits for the others of its batch",
    },
    {
      file: "packages/sql/test/crash/crash.test.ts",
      proves:
        "worker processes that are killed at every step between claim and ack, on every broker, with the mark in the transaction of the effect: each effect happens once",
    },
    {
      file: "packages/sql/test/inbox/lost-commit.test.ts",
      proves: "a connection to the database that is lost in the middle of COMMIT",
    },
    {
      file: "packages/outbox/test/consumer-outbox.test.ts",
      proves: "inbox, effect and outbox in one transaction, while the database restarts",
    },
  ],
  C22: [{ file: CONNECT, proves: "every refusal names the capability and the remedy, on adapters that lack it" }],
  C23: [
    {
      file: "adapters/nats/test/shutdown.test.ts",
      proves:
        "real processes that end by SIGTERM and SIGINT: `shutdownOnSignal` with running handlers and pending publishes",
    },
  ],
  C27: [{ file: CONNECT, proves: "ensure creates once, verify lists what is missing and differs, off calls nothing" }],
  C28: [
    {
      file: "adapters/nats/test/errors.test.ts",
      proves: "a table of broker errors and their codes; each adapter has one",
    },
  ],
  C29: [
    {
      file: "adapters/nats/test/interop.test.ts",
      proves: "the plain client reads and writes; each adapter has such a test",
    },
  ],
  C32: [
    {
      file: "core/test/close-bound.test.ts",
      proves: "a driver that never answers cannot delay close beyond its time limit",
    },
  ],
  C34: [{ file: "core/test/handler-scope.test.ts", proves: "handlers, readers and timers in their own contexts" }],
  C35: [
    {
      file: "core/test/late-success.test.ts",
      proves: "late successes, and messages that wait while the event loop is blocked",
    },
  ],
  C36: [
    {
      file: "core/test/inbox-claims.test.ts",
      proves: "claims end with their handlers, and waiting messages use no place",
    },
    {
      file: "conformance/test/check-inbox-store.test.ts",
      proves: "what an inbox store promises, and stores that break it",
    },
  ],
  C37: [
    {
      file: "adapters/nats/test/line.test.ts",
      proves: "a server that does not answer is not up; each adapter's own tests have its ways to fail",
    },
    {
      file: "core/test/health-handler.test.ts",
      proves: "liveness fails only when a new process helps, never because of the broker",
    },
  ],
  C38: [
    { file: WORKER, proves: "deadlines and retries while the wall clock is set forward and back" },
    { file: "core/test/lease-keeper.test.ts", proves: "leases are renewed in time when the wall clock was set back" },
    {
      file: "adapters/nats/test/line.test.ts",
      proves:
        "a wall clock that is set back stops neither reconnecting nor closing, whatever the client library compares",
    },
  ],
  C42: [
    {
      file: "core/test/pause.test.ts",
      proves: "a pause and a resume at every time, of the pull form, in a handler, on several connections",
    },
    {
      file: "core/test/rate.test.ts",
      proves: "no span of time has more starts than the rate, and no more is fetched than may start soon",
    },
    {
      file: "core/test/circuit.test.ts",
      proves: "what opens and closes a circuit, what counts as a failure, and that a probe never blocks it",
    },
  ],
  C30: [
    { file: CONNECT, proves: "an observer that throws is logged and harms nobody" },
    {
      file: "core/test/statistics.test.ts",
      proves: "statistics of several connections, and of a broker that does not answer",
    },
    {
      file: "core/test/loggers.test.ts",
      proves: "without a logger, what stands still is said once, as a process warning",
    },
  ],
  C44: [
    {
      file: "packages/outbox/test/publish.test.ts",
      proves: "an event is committed, rolled back and refused with its transaction, on PostgreSQL, MariaDB and SQLite",
    },
    {
      file: "packages/sql/test/adaptors/outbox.test.ts",
      proves: "the same with every library of a database that has an adaptor",
    },
    {
      file: "packages/outbox/test/commit-order.test.ts",
      proves:
        "the order of a key is that of the commits, in 50 races of 6 writers on each server, and what goes wrong without the lock",
    },
    {
      file: "packages/outbox/test/relay/order.test.ts",
      proves: "several relays and writers: nothing is lost, and each key keeps the order of its commits",
    },
    {
      file: "packages/outbox/test/relay/dead-relays.test.ts",
      proves: "relays that are killed or frozen between the broker's answer and their commit",
    },
    {
      file: "packages/outbox/test/relay/faults.test.ts",
      proves: "the database or the broker is away, and the connection is lost in the middle of a commit",
    },
    {
      file: "packages/sql/test/inbox/in-transaction.test.ts",
      proves: "the mark of an id commits with its effect, or not at all",
    },
  ],
  C45: [
    {
      file: "core/test/instrumentation-ends.test.ts",
      proves: "a table of all ways in which an attempt can end: each is told once",
    },
    {
      file: "core/test/instrumentation-carrier.test.ts",
      proves: "what instrumentations may add, and which limits leave it out",
    },
    {
      file: "core/test/diagnostics-channel.test.ts",
      proves: "the tracing channels, as a tracer from outside uses them",
    },
  ],
  C40: [
    {
      file: "core/test/due-messages.test.ts",
      proves:
        "a due message whose publish fails, or whose process dies before the mark, is published again with its id",
    },
    {
      file: "packages/sql/test/schedule/sql-schedule-store.test.ts",
      proves: "the promises of a schedule store, on PostgreSQL, MariaDB and SQLite",
    },
  ],
};

/** What no test proves yet, with the reason. */
export const openPoints: Readonly<Partial<Record<Statement, readonly string[]>>> = {
  C12: [
    "on Google Cloud Pub/Sub, when a worker dies, the failures of a message whose successors it held count as one (`orderedAttempts`): the message gets more attempts than permitted, never fewer; see [040](adr/040-gcp-retry.md)",
  ],
  C17: [
    "that the broker's own limit catches a message whose workers keep dying before they can settle it: the suite proves only that the limit does not act before ours",
  ],
  C20: [
    "on Google Cloud Pub/Sub a redriven message, which counts as new, and a live one of its key may be with two workers at the same time; see [041](adr/041-gcp-subscriber.md)",
    "on RabbitMQ, when a worker that held more than 1000 messages is replaced while a message waits for its retry, a worker that may hold fewer can start later messages of that key first; see [021](adr/021-rabbitmq-ordering.md)",
  ],
};
