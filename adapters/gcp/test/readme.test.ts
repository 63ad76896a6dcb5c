import { readFileSync } from "node:fs";
import { gcpCapabilities } from "@anytopic/gcp";
import { expect, test } from "vitest";
import { MAX_ACK_DEADLINE_SECONDS, MAX_RETENTION_SECONDS } from "../src/limits.ts";
import { backstopAttempts } from "../src/retry/move-on.ts";
import { checkedOptions, OPTIONS } from "../src/options.ts";

const readme = readFileSync(`${import.meta.dirname}/../README.md`, "utf8");

test("the table of capabilities is what the code declares", () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| `?([\w-]+)`?[,| ]/gm)];
  const documented = rows
    .map(([, name = "", value]) => [name, value] as const)
    .filter(([name]) => Object.hasOwn(gcpCapabilities, name));
  expect(documented.length).toBe(17);
  expect(documented).toEqual(documented.map(([name]) => [name, String(gcpCapabilities[name as "maxAttributes"])]));
  expect(gcpCapabilities.ackDeadline).toEqual({ minMs: 10_000, maxMs: 600_000 });
  expect(gcpCapabilities.nackDelay).toEqual({ maxMs: 600_000, granularityMs: 1000 });
});

test("every option is described, with its default", () => {
  for (const option of Object.keys(OPTIONS.rules)) expect(readme).toContain(`| \`${option}\``);
  expect(readme).toContain(`| ${checkedOptions({}).maxPulls} `);
});

test("the numbers in the text are the code's", () => {
  expect(backstopAttempts(20)).toBe(31);
  expect(backstopAttempts(100)).toBe(100);
  expect(readme).toContain("`maxRetries + 11` deliveries, 5 to 100");
  expect(readme).toContain(`at most ${MAX_ACK_DEADLINE_SECONDS} s`);
  expect(readme).toContain(`kept ${MAX_RETENTION_SECONDS / 86_400} days`);
});
