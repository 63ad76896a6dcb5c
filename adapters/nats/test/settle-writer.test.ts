import { systemClock } from "@anytopic/core";
import { afterEach, expect, test, vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import type { NatsDelivery } from "../src/delivery.ts";
import { SettleWriter } from "../src/settle/settle-writer.ts";

afterEach(() => void vi.restoreAllMocks());

test("a lease that may have run out is not trusted, although the wall clock was set back", async () => {
  const connection = {
    connected: true,
    context: { clock: systemClock },
    newInbox: () => "inbox",
    nc: { subscribe: () => ({}), publish: () => {} },
    listen: () => {},
  } as unknown as Connection;
  const settler = new SettleWriter(connection, 1000, true);
  const delivery = { ackSubject: "ack" } as NatsDelivery;
  const startedMs = performance.now();
  const elapsed = vi.spyOn(performance, "now").mockReturnValue(startedMs);
  settler.leased(delivery);
  vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
  elapsed.mockReturnValue(startedMs + 999);
  expect(settler.mayAck(delivery)).toBe(true);
  elapsed.mockReturnValue(startedMs + 1000);
  expect(settler.mayAck(delivery)).toBe(false);
  await expect(settler.ack(delivery)).rejects.toMatchObject({ code: "LEASE_LOST" });
});
