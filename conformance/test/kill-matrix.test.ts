import { existsSync } from "node:fs";
import { join } from "node:path";
import { behaviours, brokerSaboteurs, saboteurs } from "@anytopic/conformance";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const all = [...saboteurs, ...brokerSaboteurs];
const caught = new Set(all.flatMap(({ killedBy }) => killedBy));

test("every behaviour catches a saboteur, or says why none can be written", () => {
  const neither = behaviours.filter(({ id, withoutSaboteur }) => !caught.has(id) && withoutSaboteur === undefined);
  expect(neither.map(({ id }) => id)).toEqual([]);
});

test("no behaviour that catches a saboteur says that none can be written", () => {
  const both = behaviours.filter(({ id, withoutSaboteur }) => caught.has(id) && withoutSaboteur !== undefined);
  expect(both.map(({ id }) => id)).toEqual([]);
});

test("a behaviour without a saboteur names a test that exists", () => {
  const wrong = behaviours.filter(({ withoutSaboteur }) => {
    const files = withoutSaboteur?.match(/[\w/.-]+\.test\.ts/g) ?? [];
    return (
      withoutSaboteur !== undefined && (files.length === 0 || !files.every((file) => existsSync(join(root, file))))
    );
  });
  expect(wrong.map(({ id }) => id)).toEqual([]);
});

test("saboteurs have unique names, and name behaviours that exist", () => {
  const names = all.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  const ids = new Set(behaviours.map(({ id }) => id));
  expect(
    all.flatMap(({ name, killedBy }) => killedBy.filter((id) => !ids.has(id)).map((id) => `${name}: ${id}`)),
  ).toEqual([]);
  expect(all.filter(({ killedBy }) => killedBy.length === 0).map(({ name }) => name)).toEqual([]);
});
