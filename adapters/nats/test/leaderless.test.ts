import { connect, defineTopic, silentLogger } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { describe, expect, onTestFinished, test } from "vitest";
import { leaderlessServer } from "./leaderless-server.ts";

const Orders = defineTopic<number>("orders");

describe("a stream without a leader", () => {
  // A question that nobody answers takes 5 s. With "nothing" both publishes wait for one, and the adapter asks once more: 12 s together.
  test.each(["nothing", "no leader"] as const)(
    "refuses publishes as UNAVAILABLE, and health() says so until there is a leader; the JetStream API answers: %s",
    { timeout: 40_000 },
    async (info) => {
      const server = await leaderlessServer(Orders.name);
      server.info = info;
      const states: string[] = [];
      const pubsub = await connect(nats({ servers: server.url }), {
        provisioning: "off",
        logger: silentLogger,
        observer: (event) => void (event.type === "connection" && states.push(event.state)),
      });
      onTestFinished(async () => pubsub.close({ timeoutMs: 0 }));
      await expect(pubsub.publish(Orders, 1)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(pubsub.health()).toMatchObject({ status: "degraded", error: { code: "UNAVAILABLE" } });
      await expect(pubsub.publish(Orders, 2)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect(pubsub.health().status).toBe("degraded");
      server.info = "leader";
      // Nobody publishes: the adapter asks.
      await expect.poll(() => pubsub.health().status).toBe("up");
      expect(states).toEqual(["degraded", "up"]);
    },
  );
});
