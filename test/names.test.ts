import { describe, expect, test } from "vitest";
import { doubleNames, exportsOf, roleProblems } from "./name-rules.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

const sources = trackedFiles.filter((path) => /^(core|adapters\/\w+)\/src\/.*\.ts$/.test(path));
const adapters = new Set(sources.flatMap((path) => /^adapters\/(\w+)\//.exec(path)?.[1] ?? []));

test.for([...adapters])("adapters/%s has what every adapter has, where every adapter has it", (adapter) => {
  const folder = `adapters/${adapter}/src/`;
  const own = sources.filter((path) => path.startsWith(folder));
  expect(roleProblems(adapter, new Map(own.map((path) => [path.slice(folder.length), readTracked(path)])))).toEqual([]);
});

test("a name stands for one idea in core and all adapters", () => {
  expect(doubleNames(sources.flatMap((path) => exportsOf(path, readTracked(path))))).toEqual([]);
});

describe("the rules themselves", () => {
  test("what is missing, misplaced or more than a re-export is found", () => {
    const files = new Map([
      ["index.ts", 'export { a } from "./a.ts";\nexport const b = 1;\n'],
      ["driver.ts", "export class Driver {}"],
      ["a.ts", ""],
      ["misc/b.ts", ""],
      ["wire/deep/c.ts", ""],
    ]);
    const problems = roleProblems("memory", files);
    expect(problems).toEqual(
      expect.arrayContaining([
        "has no publisher.ts",
        "driver.ts does not export class MemoryDriver",
        expect.stringMatching(/^a\.ts belongs into a room/),
        expect.stringMatching(/^misc\/ is no room/),
        expect.stringMatching(/^wire\/deep\/c\.ts lies too deep/),
        "index.ts does more than to re-export by name",
      ]),
    );
  });

  test.for([
    [
      "core's and an adapter's",
      "core/src/a.ts",
      "export class Lane {}",
      "adapters/nats/src/b.ts",
      "export class Lane {}",
    ],
    [
      "twice in one package",
      "adapters/nats/src/a.ts",
      "export const x = 1;",
      "adapters/nats/src/b.ts",
      "export const x = 2;",
    ],
    [
      "of two kinds",
      "adapters/nats/src/a.ts",
      "export class Hold {}",
      "adapters/aws/src/b.ts",
      "export type Hold = 1;",
    ],
  ] as const)("%s is found", ([, first, firstText, second, secondText]) => {
    expect(doubleNames([...exportsOf(first, firstText), ...exportsOf(second, secondText)])).toHaveLength(1);
  });

  test("the same kind in two adapters is one idea", () => {
    const text = "export function isId(): void {}";
    expect(
      doubleNames([...exportsOf("adapters/aws/src/a.ts", text), ...exportsOf("adapters/gcp/src/a.ts", text)]),
    ).toEqual([]);
  });
});
