import { type Broker, type BrokerKind, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, type ConnectTarget, Reject, silentLogger } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { Numbers } from "../src/api/numbers.ts";
import type { Overview } from "../src/api/overview.ts";
import type { Plan } from "../src/api/plan.ts";
import { dashboard } from "../src/index.ts";
import { read, shop } from "./shop.ts";

const KINDS: readonly BrokerKind[] = ["nats", "rabbitmq", "redis", "aws", "gcp"];
const brokers = await Promise.all(KINDS.map(async (kind) => ({ kind, broker: await startBrokerOrSkip(kind) })));
afterAll(async () => {
  await Promise.all(brokers.map(async ({ broker }) => await broker?.close()));
});

function targetOf(kind: BrokerKind, { url }: Broker): ConnectTarget {
  if (kind === "aws") return aws({ region: "eu-west-1", endpoint: url });
  return kind === "gcp" ? gcp({ projectId: "dashboard", emulatorHost: url }) : url;
}

describe.each(brokers)("on $kind, beside a running system", ({ kind, broker }) => {
  test.skipIf(broker === undefined)(
    "what the broker tells is shown, and what it does not is never 0",
    { timeout: 60_000 },
    async () => {
      const { Orders, Mail, declarations } = shop();
      if (broker === undefined) return;
      const target = targetOf(kind, broker);
      // Another process than that of the dashboard would hold this.
      await using system = await connect(target, { logger: silentLogger, declarations });
      await using pubsub = await connect(target, { logger: silentLogger, provisioning: "off" });
      const handler = dashboard({ pubsub, declarations, statisticsEveryMs: 1000, authorize: () => ({ user: "test" }) });
      onTestFinished(async () => {
        await handler.close();
      });
      await system.subscribe(Mail, () => {
        throw new Reject("no such mailbox");
      });
      await system.publish(Orders, { total: 1 }, { attributes: { region: "eu" } });
      await system.publish(Orders, { total: 2 }, { attributes: { region: "eu" } });
      await expect.poll(async () => await system.deadLetters(Mail).count(), { timeout: 30_000 }).toBe(2);

      const { statistics } = pubsub.capabilities;
      const numbersOf = async (name: string): Promise<Numbers | undefined> => {
        const { topics } = await read<Overview>(handler, "overview");
        return topics[0]?.subscriptions.find((one) => one.name === name)?.numbers;
      };
      const told = (numbers: Partial<Numbers>): Partial<Numbers> =>
        Object.fromEntries(
          Object.entries(numbers).map(([field, number]) => [
            field,
            statistics[field as keyof Numbers] === "unknown" ? null : number,
          ]),
        );
      const options = { timeout: 30_000, interval: 200 };
      await expect
        .poll(async () => await numbersOf("mail"), options)
        .toMatchObject(told({ deadLetters: 2, waiting: 0 }));
      await expect
        .poll(async () => await numbersOf("stock"), options)
        .toMatchObject(told({ waiting: 2, inFlight: 0, deadLetters: 0 }));
      const unknown = Object.entries((await numbersOf("stock")) ?? {}).filter(([, number]) => number === null);
      const untold = Object.entries(statistics).filter(([, how]) => how === "unknown");
      expect(unknown.map(([field]) => field).sort()).toEqual(untold.map(([field]) => field).sort());

      const { topics, known, drift } = await read<Overview>(handler, "overview");
      expect(known["default"]).toEqual(statistics);
      expect(drift).toMatchObject({ state: "compared", count: 0 });
      // The workers are in another process, and nobody tells what they do.
      expect(topics[0]).toMatchObject({
        publishedPerMin: null,
        subscriptions: [{ workers: 0, outPerMin: null }, { workers: 0 }],
      });

      await system.destroy([Mail]);
      const plan = await read<Plan>(handler, "plan?fresh=1");
      expect(plan.declarations.map(({ declaration }) => declaration)).toEqual([`${Orders.name}/mail`]);
      expect(plan.declarations[0]?.changes[0]).toMatchObject({ action: "create", connection: "default" });
    },
  );
});
