import { readFileSync } from "node:fs";
import { redisCapabilities } from "@anytopic/redis";
import { expect, test } from "vitest";
import { BACKSTOP_ATTEMPTS, DEDUPLICATION_WINDOW_MS, MAX_MESSAGE_BYTES, MAX_PARKED } from "../src/limits.ts";
import { checkedOptions, OPTIONS } from "../src/options.ts";

const readme = readFileSync(`${import.meta.dirname}/../README.md`, "utf8");

test("the table of capabilities is what the code declares", () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| `([\w-]+)` +\|$/gm)].map(
    ([, name = "", value]) => [name, value] as const,
  );
  const documented = rows.filter(([name]) => Object.hasOwn(redisCapabilities, name));
  expect(documented.length).toBeGreaterThan(12);
  const declared = documented.map(([name]) => [name, `${redisCapabilities[name as "ack" | "maxAttributes"]}`]);
  expect(documented).toEqual(declared);
});

test("every option is described, with its default", () => {
  for (const option of Object.keys(OPTIONS.rules)) expect(readme).toContain(`\`${option}\``);
  const { pingIntervalMs, durability, unsafeServer, name } = checkedOptions();
  for (const value of [pingIntervalMs.toLocaleString("en"), durability, unsafeServer, name])
    expect(readme).toMatch(new RegExp(`\\| +\`?${value}\`? +\\|`));
});

test("the numbers in the text are the code's", () => {
  expect(readme).toContain(`killed ${BACKSTOP_ATTEMPTS} workers more than permitted`);
  expect(readme).toContain(
    `the last ${DEDUPLICATION_WINDOW_MS / 60_000} to ${(2 * DEDUPLICATION_WINDOW_MS) / 60_000} minutes`,
  );
  expect(readme).toContain(`up to ${MAX_PARKED.toLocaleString("en")} for each subscription`);
  expect(readme).toContain(`at most ${MAX_MESSAGE_BYTES / 1_048_576} MiB`);
});
