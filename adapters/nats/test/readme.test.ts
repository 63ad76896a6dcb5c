import { readFileSync } from "node:fs";
import { natsCapabilities } from "@anytopic/nats";
import { expect, test } from "vitest";
import {
  BACKSTOP_DELIVERIES,
  DEAD_LETTER_RETENTION_MS,
  DEAD_LETTER_ROOM_BYTES,
  MAX_HEADER_BYTES,
  MAX_NAME_BYTES,
} from "../src/limits.ts";
import { checkedOptions, OPTIONS } from "../src/options.ts";

const readme = readFileSync(`${import.meta.dirname}/../README.md`, "utf8");

test("the table of capabilities is what the code declares", () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| `?([\w-]+)`?[,| ]/gm)].map(
    ([, name = "", value]) => [name, value] as const,
  );
  const documented = rows.filter(([name]) => Object.hasOwn(natsCapabilities, name) && name !== "deduplicationWindowMs");
  expect(documented.length).toBeGreaterThan(12);
  const declared = documented.map(([name]) => [
    name,
    JSON.stringify(natsCapabilities[name as "ack"]).replaceAll('"', ""),
  ]);
  expect(documented).toEqual(declared);
  expect(readme).toContain(`| ${natsCapabilities.deduplicationWindowMs}, see`);
});

test("every option is described, with its default", () => {
  for (const option of Object.keys(OPTIONS.rules)) expect(readme).toContain(`\`${option}\``);
  const { maxAckPending, maxPayloadBytes, leaderLeaseMs, pingIntervalMs } = checkedOptions();
  for (const number of [maxAckPending, maxPayloadBytes, leaderLeaseMs, pingIntervalMs])
    expect(readme).toContain(number.toLocaleString("en"));
});

test("the numbers in the text are the code's", () => {
  expect(readme).toContain(`is ${BACKSTOP_DELIVERIES} deliveries beyond`);
  expect(readme).toContain(`kept ${DEAD_LETTER_RETENTION_MS / 86_400_000} days`);
  expect(readme).toContain(`${DEAD_LETTER_ROOM_BYTES / 1024} KiB below`);
  expect(readme).toContain(`may take ${Math.floor((MAX_HEADER_BYTES + 1 - DEAD_LETTER_ROOM_BYTES) / 1024)} KiB`);
  expect(readme).toContain(`may have ${MAX_NAME_BYTES} characters`);
});
