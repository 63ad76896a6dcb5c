import { connect, defineSubscription, defineTopic, type ConnectOptions, type Instrumentation } from "@anytopic/core";
import { describe, expect, test } from "vitest";

import { AttemptRecorder } from "./attempt-recorder.ts";
import { turn } from "./opened-worker.ts";

const Orders = defineTopic<{ readonly n: number }>("orders");
const Mail = defineSubscription(Orders, "mail", {
  retryPolicy: { minBackoffMs: 0, maxBackoffMs: 0, maxRetries: 1, jitter: 0 },
});
type Handle = NonNullable<Instrumentation["handle"]>;

/** The lines of the log. */
function logged(): { readonly lines: string[]; readonly logger: NonNullable<ConnectOptions["logger"]> } {
  const lines: string[] = [];
  const add = (fields: object, message: string): void => {
    const { method, error } = fields as { readonly method?: string; readonly error?: string };
    lines.push(`${message}: ${method} ${error}`);
  };
  return { lines, logger: { debug: () => {}, info: () => {}, warn: add, error: add } };
}

describe("what an instrumentation does wrong is logged, and the handler runs once:", () => {
  const wrong: readonly (readonly [string, Handle, string | undefined])[] = [
    ["it does not call run", () => undefined, "handle did not call run"],
    ["it never calls run in its promise", async () => await turn(), "handle did not call run"],
    [
      "it throws before run",
      () => {
        throw new Error("broken");
      },
      "broken",
    ],
    ["it rejects before run", async () => await Promise.reject(new Error("broken")), "broken"],
    [
      "it returns what throws when it is looked at",
      () =>
        // oxlint-disable-next-line unicorn/no-thenable -- what an instrumentation may return
        Object.defineProperty({}, "then", {
          get() {
            throw new Error("trap");
          },
        }),
      "trap",
    ],
    [
      "it calls run twice",
      (_attempt, run) => {
        void run();
        return run();
      },
      "handle called run more than once",
    ],
    [
      "its end throws",
      (_attempt, run) =>
        run(() => {
          throw new Error("at the end");
        }),
      "at the end",
    ],
    ["it gives run something else than a function", (_attempt, run) => run("end" as never), undefined],
  ];
  test.for(wrong)("%s", async ([, handle, problem]) => {
    const { lines, logger } = logged();
    const recorder = new AttemptRecorder();
    await using pubsub = await connect("memory:", {
      instrumentation: [{ handle }, recorder],
      observer: recorder.observer,
      logger,
    });
    let runs = 0;
    await pubsub.subscribe(Mail, async () => {
      await turn();
      runs += 1;
    });
    await pubsub.publish(Orders, { n: 1 });
    await expect.poll(() => recorder.outcomes).toEqual(["handler ack"]);
    expect(runs).toBe(1);
    expect(lines).toEqual(
      problem === undefined ? [] : [`an instrumentation failed, which changes nothing else: handle ${problem}`],
    );
    expect(recorder.unpaired).toEqual([]);
  });

  test("every method and every end throws", async () => {
    const { lines, logger } = logged();
    const broken = (): never => {
      throw new Error("broken");
    };
    const ending = (): (() => never) => broken;
    const all = (part: () => never | (() => never)): Instrumentation => ({
      publish: part,
      publishBatch: part,
      receive: part,
      skip: broken,
      settle: part,
      redrive: part,
      quiet: broken,
    });
    await using pubsub = await connect("memory:", { instrumentation: [all(broken), all(ending)], logger });
    const deliveries = pubsub.deliveries(Mail);
    const reading = deliveries.next();
    await turn();
    await pubsub.publishBatch(Orders, [{ event: { n: 1 } }]);
    const { value } = await reading;
    await value?.reject("no");
    await expect.poll(() => pubsub.deadLetters(Mail).count()).toBe(1);
    expect(await pubsub.deadLetters(Mail).redrive()).toBe(1);
    expect((await deliveries.next()).value?.id).toBe(value?.id);
    await pubsub.publish(Orders, { n: 2 });
    await deliveries.close();
    const methods = ["publish", "publishBatch", "receive", "skip", "settle", "redrive", "quiet"];
    const seen = new Set(lines.map((line) => line.replace(/^.*: (\w+) broken$/, "$1")));
    expect([...seen].toSorted()).toEqual(methods.toSorted());
  });
});

describe("options that are refused:", () => {
  const bad: readonly (readonly [unknown, string])[] = [
    [{ handle() {} }, "instrumentation is an object: must be a list, such as [tracing]"],
    [[undefined], "instrumentation[0] is undefined: must be an object"],
    [
      [{ handle() {} }, {}],
      "instrumentation[1] has no method: must have one of publish, publishBatch, handle, receive, skip, settle, redrive, quiet, observe, connected",
    ],
    [[{ handle: 1 }], "instrumentation[0].handle is 1: must be a function"],
  ];
  test.for(bad)("%o", async ([instrumentation, message]) => {
    await expect(connect("memory:", { instrumentation } as ConnectOptions)).rejects.toThrow(new TypeError(message));
  });
});
