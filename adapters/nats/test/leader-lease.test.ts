import { systemClock } from "@anytopic/core";
import { ReceivingReports } from "@anytopic/core/driver";
import { errors } from "@nats-io/nats-core";
import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import { LeaderLease } from "../src/ordering/leader-lease.ts";
import type { Asker } from "../src/publish/asker.ts";
import type { SubscriptionNames } from "../src/names.ts";

test("when the leader's stream does not answer, the start rejects with our error, which may be tried again", async () => {
  const connection = {
    context: { clock: systemClock },
    options: { leaderLeaseMs: 1000 },
    nc: { subscribe: () => ({ unsubscribe() {} }) },
    jsm: { streams: { getMessage: async () => Promise.reject(new errors.TimeoutError()) } },
  } as unknown as Connection;
  const names = { leaderStream: "orders__mail__leader", leaderSubject: "leader" } as SubscriptionNames;
  const sink = { deliver() {}, revoke: () => true, revokeAll() {}, failing() {}, receiving() {} };
  const candidate = { won() {}, lost() {} };
  const lease = new LeaderLease(connection, names, {} as Asker, candidate, new ReceivingReports(sink));
  await expect(lease.start()).rejects.toMatchObject({ name: "PubSubError", code: "TIMEOUT", retryable: true });
});
