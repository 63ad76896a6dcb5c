import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { memory, memoryCapabilities } from "@anytopic/memory";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("README shows every capability with its value", () => {
  const shown = [...readme.matchAll(/^\| `(\w+)` +\| `([^`]+)` +\|$/gm)].map(([, name, value]) => [name, value]);
  const actual = Object.entries(memoryCapabilities).map(([name, value]) => [
    name,
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);
  expect(shown).toEqual(actual);
});

it("README names every option", () => {
  let known = "";
  try {
    memory({ none: 1 } as object);
  } catch (error) {
    known = String(error).split("known are ")[1] ?? "";
  }
  const options = [...readme.matchAll(/^\| `(\w+)` +\|[^|]+\|[^|]+\|[^|]+\|$/gm)].map(([, name]) => name);
  expect(options).toEqual(known.split(", "));
});
