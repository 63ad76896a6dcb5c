import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { behaviours } from "@anytopic/conformance";
import { expect, test } from "vitest";
import { elsewhere, openPoints } from "../src/contract-elsewhere.ts";
import { contractMarkdown, proofsOf, statements, uncoveredRows } from "../src/contract.ts";
import type { Statement } from "../src/behaviour.ts";

const root = join(import.meta.dirname, "../..");
const all = Object.keys(statements) as Statement[];

test("the contract's statements stand in order, and none twice", () => {
  const numbers = all.map((statement) => Number(statement.slice(1)));
  expect(numbers.slice(0, 38)).toEqual(Array.from({ length: 38 }, (_, index) => index + 1));
  expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
});

test.each(all)("%s is proven by a behaviour or another test, or listed as open with a reason", (statement) => {
  const known = proofsOf(statement).length + (elsewhere[statement]?.length ?? 0) + (openPoints[statement]?.length ?? 0);
  expect(known).toBeGreaterThan(0);
});

test("behaviours prove known statements only, and at least one", () => {
  const unknown = behaviours.filter(({ statements: proven }) => !proven.every((statement) => all.includes(statement)));
  const idle = behaviours.filter(({ statements: proven }) => proven.length === 0);
  expect([...unknown, ...idle].map(({ id }) => id)).toEqual([]);
});

test("every row of the catalogue is covered", () => {
  expect(uncoveredRows()).toEqual([]);
});

test("tests named elsewhere exist", () => {
  const files = Object.values(elsewhere).flatMap((entries) => (entries ?? []).map(({ file }) => file));
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test("ids are unique, and name their group and file", () => {
  const ids = behaviours.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z-]+\.[a-z-]+$/);
});

test("docs/contract.md is the contract", async () => {
  const path = join(root, "docs/contract.md");
  if (process.env["UPDATE_DOCS"] === "1") await writeFile(path, contractMarkdown());
  expect(await readFile(path, "utf8")).toBe(contractMarkdown());
});
