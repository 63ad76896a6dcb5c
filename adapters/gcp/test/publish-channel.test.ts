import { systemClock } from "@anytopic/core";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import type { grpc as Grpc } from "google-gax";
import { afterAll, describe, expect, test, vi } from "vitest";
import { createPublishChannel } from "../src/connection/publish-channel.ts";
import type { CallOptions, Method } from "../src/connection/rpc.ts";

const IDLE = 0;
const READY = 2;
const TRANSIENT_FAILURE = 3;

interface Line {
  state: number;
  readonly client: Grpc.Client;
}

/** gRPC's client as far as publishing needs it; notes on `calls` that a call came by it. */
function createLine(name: string, state: number, calls: string[]): Line {
  const line: Line = {
    state,
    client: {
      getChannel: () => ({ getConnectivityState: () => line.state }),
      makeUnaryRequest: () => calls.push(name),
      close: () => calls.push(`${name} closed`),
    } as unknown as Grpc.Client,
  };
  return line;
}

function createLines(firstState: number, secondState: number) {
  const calls: string[] = [];
  const first = createLine("first", firstState, calls);
  const second = createLine("second", secondState, calls);
  const channel = createPublishChannel(first.client, second.client, systemClock);
  const publish = (): void => void channel.call({} as Method<object, object>, {}, {} as CallOptions, () => {});
  return { calls, first, second, channel, publish };
}

test("publishes take turns on both connections", () => {
  const { calls, publish } = createLines(READY, READY);
  for (let n = 0; n < 4; n += 1) publish();
  expect(calls).toEqual(["second", "first", "second", "first"]);
});

test.each([
  { first: READY, second: IDLE },
  { first: READY, second: TRANSIENT_FAILURE },
  { first: TRANSIENT_FAILURE, second: READY },
  { first: TRANSIENT_FAILURE, second: TRANSIENT_FAILURE },
])("with the connections in states $first and $second, all go by the first", ({ first, second }) => {
  const { calls, publish } = createLines(first, second);
  for (let n = 0; n < 3; n += 1) publish();
  expect(calls).toEqual(["first", "first", "first"]);
});

test("a connection that is back takes part again", () => {
  const { calls, second, publish } = createLines(READY, TRANSIENT_FAILURE);
  publish();
  second.state = READY;
  publish();
  publish();
  expect(new Set(calls.slice(1))).toEqual(new Set(["first", "second"]));
});

test("both are closed", () => {
  const { calls, channel } = createLines(READY, READY);
  void channel.close(0);
  expect(calls).toEqual(["first closed", "second closed"]);
});

const broker: Broker | undefined = await startBrokerOrSkip("gcp");
afterAll(() => broker?.close());

describe.skipIf(broker === undefined)("on an emulator", () => {
  test("what publishes has two connections, and none when it is closed", async () => {
    const { host, port, url } = broker as Broker;
    const projectId = "publish-channel";
    const line = await createTcpProxy({ targetHost: host, targetPort: port });
    const admin = await connect(gcp({ projectId, emulatorHost: url }));
    const topic = defineTopic<{ readonly n: number }>("orders");
    await admin.apply([defineSubscription(topic, "mail")]);
    const emulatorHost = `${line.host}:${line.port}`;
    const publisher = await connect(gcp({ projectId, emulatorHost }), { provisioning: "off" });
    await publisher.publish(topic, { n: 1 });
    await vi.waitFor(() => expect(line.connections).toBe(2), { timeout: 10_000 });
    await publisher.publish(topic, { n: 2 });
    await publisher.publish(topic, { n: 3 });
    await publisher.close();
    await vi.waitFor(() => expect(line.connections).toBe(0), { timeout: 10_000 });
    await admin.close();
    await line.close();
  });
});
