import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { gcp, gcpCapabilities, type GcpStatisticsReader, type GcpStatisticsRequest } from "@anytopic/gcp";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";

const Signups = defineTopic<number>("signups");
const Mail = defineSubscription(Signups, "mail");
const broker = await startBrokerOrSkip("gcp");

describe.skipIf(broker === undefined)("statistics", () => {
  const { host, port } = broker as Broker;
  afterAll(() => (broker as Broker).close());

  async function connected(statistics?: GcpStatisticsReader): Promise<PubSub> {
    const emulatorHost = `${host}:${port}`;
    const pubsub = await connect(gcp({ projectId: "numbers", prefix: "test-", emulatorHost, statistics }));
    onTestFinished(() => pubsub.close());
    return pubsub;
  }

  test("without a reader every number is unknown", async () => {
    const pubsub = await connected();
    expect(pubsub.capabilities).toEqual(gcpCapabilities);
    expect(Object.values(await pubsub.stats(Mail))).toEqual(Array.from({ length: 5 }, () => undefined));
  });

  test("a reader gets the ids of Cloud Monitoring, and what is no number is unknown", async () => {
    const asked: GcpStatisticsRequest[] = [];
    const pubsub = await connected(async (request) => {
      asked.push(request);
      return { waiting: 7, oldestAgeMs: Number.NaN, deadLetters: -1, delayed: "3" as never };
    });
    expect(pubsub.capabilities.statistics.waiting).toBe("approximate");
    expect(await pubsub.stats(Mail)).toEqual({
      waiting: 7,
      inFlight: undefined,
      delayed: undefined,
      oldestAgeMs: undefined,
      deadLetters: undefined,
    });
    expect(asked).toEqual([
      {
        projectId: "numbers",
        declared: "signups/mail",
        subscriptionId: "test-signups.mail",
        deadLettersId: "test-signups.mail.dead-letters",
        redriveId: "test-signups.mail.redrive",
      },
    ]);
  });

  test("a reader that fails is UNAVAILABLE, and one that answers nothing knows nothing", async () => {
    const failing = await connected(() => Promise.reject(new Error("quota exceeded")));
    await expect(failing.stats(Mail)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("quota exceeded") as string,
    });
    const silent = await connected(() => Promise.resolve(undefined as never));
    expect((await silent.stats(Mail)).waiting).toBeUndefined();
  });
});

test("a reader must be a function", () => {
  expect(() => gcp({ projectId: "my-project", statistics: {} as never })).toThrow(
    /statistics is an object: must be a function/,
  );
});
