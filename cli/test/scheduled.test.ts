import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { schedule } from "./fixtures/scheduled-topics.ts";
import { onNats } from "./on-nats.ts";
import { type Finished, runHere } from "./program.ts";

const nats = onNats();
const TOPICS = join(import.meta.dirname, "fixtures/scheduled-topics.ts");

const cli = (args: readonly string[], url = nats.broker.url): Promise<Finished> =>
  runHere([...args, "--url", url, "--declarations", TOPICS]);

describe("on a broker that cannot delay, with the store that the module of declarations exports", () => {
  test("what is published with a delay is listed and cancelled", async () => {
    expect((await cli(["apply"])).code).toBe(0);
    const event = '{"user":"u1"}';
    const soon = await cli(["publish", "reminders", event, "--id", "soon", "--delay", "2h"]);
    expect(soon).toMatchObject({ code: 0, stdout: "soon\n" });
    const later = await cli(["publish", "reminders", event, "--id", "later", "--deliver-at", timeIn(86_400_000)]);
    expect(later).toMatchObject({ code: 0, stdout: "later\n" });

    const { code, stdout } = await cli(["scheduled", "list", "reminders"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ID +DUE +IN +ATTEMPTS\nsoon +20\S+Z +(119 min|2 h) +0\nlater +20\S+Z +23 h +0\n$/);
    const limited = await cli(["scheduled", "list", "reminders", "--limit", "1", "--json"]);
    expect(JSON.parse(limited.stdout)).toMatchObject({ topic: "reminders", scheduled: [{ id: "soon", attempts: 0 }] });

    expect(await cli(["scheduled", "cancel", "reminders", "soon"])).toMatchObject({
      code: 0,
      stdout: "soon is cancelled: it will not be delivered.\n",
    });
    expect(await cli(["scheduled", "cancel", "reminders", "soon"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("soon was not cancelled"),
    });
    expect(await schedule.list("reminders", 10)).toMatchObject([{ id: "later" }]);
    await schedule.cancel("reminders", "later");
    expect((await cli(["scheduled", "list", "reminders"])).stdout).toBe("reminders: nothing is scheduled.\n");
  });

  test("without such a store it is refused, with the remedy", async () => {
    const refused = await nats.cli(["publish", "notes", "hello", "--delay", "1h"]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("give connect() a schedule store");
  });
});

test.each([
  [["--delay", "soon"], /--delay is "soon"/],
  [["--deliver-at", "2027-01-31"], /--deliver-at is "2027-01-31": must be a time with its zone/],
  [["--deliver-at", "2027-13-31T08:00:00Z"], /must be a time with its zone/],
  [["--delay", "1h", "--deliver-at", timeIn(1000)], /--delay and --deliver-at are both given/],
])("publish %j is a wrong use", async (args, says) => {
  const refused = await cli(["publish", "reminders", "{}", ...args], "memory:");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
});

function timeIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
