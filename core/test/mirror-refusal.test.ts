import { connect, defineTopic, PubSubError } from "@anytopic/core";
import type { MemoryBroker } from "@anytopic/memory";
import { expect, test } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";
import { twoBrokers } from "./two-brokers.ts";

const Signups = defineTopic<{ user: number }>("signups");

test("a mirrored publish sends to neither what one driver refuses by a limit that no capability knows", async () => {
  for (const [connection, mirror] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    const scripted = new ScriptedAdapter();
    scripted.refusal = () => new PubSubError("LIMIT_EXCEEDED", "together too long");
    const config = { ...twoBrokers(), topics: { signups: { connection, mirror } } };
    await using pubsub = await connect(scripted, { config, declarations: [Signups] });
    await expect(pubsub.publish(Signups, { user: 1 })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    const { native } = await pubsub.connection("b");
    expect((native as MemoryBroker).topicStatistics()).toMatchObject([{ messages: 0 }]);
    expect(scripted.requests).toEqual([]);
  }
});
