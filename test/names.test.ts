import { describe, expect, test } from "vitest";
import {
  doubleNames,
  exportsOf,
  PARTS,
  partProblems,
  roleProblems,
  ROLES,
  ROOMS,
  signatureProblems,
} from "./name-rules.ts";
import { tableUnder } from "./tables.ts";
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

test("a class is what the last word of its name says", () => {
  expect(partProblems(sources.flatMap((path) => exportsOf(path, readTracked(path))))).toEqual([]);
});

test("the rules name no room and no word that nobody uses", () => {
  const rooms = new Set(sources.filter((path) => path.startsWith("adapters/")).map((path) => path.split("/").at(-2)));
  const classes = sources.flatMap((path) => exportsOf(path, readTracked(path))).filter(({ kind }) => kind === "class");
  const unused = (word: string): boolean => !classes.some(({ name }) => name.endsWith(word));
  expect([...Object.keys(ROOMS).filter((room) => !rooms.has(room)), ...Object.keys(PARTS).filter(unused)]).toEqual([]);
});

test("functions of one name look alike", () => {
  expect(sources.flatMap((path) => signatureProblems(path, readTracked(path)))).toEqual([]);
});

describe("CONTRIBUTING.md shows the tables of test/name-rules.ts", () => {
  const contributing = readTracked("CONTRIBUTING.md");
  const code = (text: string): string => `\`${text}\``;
  const codes = (names: readonly string[]): string => names.map(code).join(", ");

  test("files", () => {
    const rows = Object.entries(ROLES).map(([file, role]) => [
      code(file),
      role.what,
      codes(role.exports.map((each) => each.split(" ")[1] ?? "")),
    ]);
    expect(tableUnder(contributing, "Files of an adapter")).toEqual(rows);
  });

  test("rooms", () => {
    const rows = Object.entries(ROOMS).map(([room, what]) => [code(`${room}/`), what]);
    expect(tableUnder(contributing, "Rooms of an adapter")).toEqual(rows);
  });

  test("parts", () => {
    const rows = Object.entries(PARTS).map(([word, { what, where }]) => [code(word), what, codes(where)]);
    expect(tableUnder(contributing, "Words at the end of class names")).toEqual(rows);
  });
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
        "driver.ts does not export function openDriver",
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

  test("a class that is not what its name says is found", () => {
    const text = "export class Settler {}\nexport class WaitLoop {}\nexport class Backlog {}";
    expect(partProblems(exportsOf("adapters/aws/src/settle/a.ts", text))).toEqual([
      expect.stringContaining("Settler is no Settler"),
      expect.stringContaining("WaitLoop is no Loop"),
    ]);
  });

  test("a function that does not look like all others of its name is found", () => {
    const text = (parameters: string): string =>
      `export function toPubSubError(${parameters}): PubSubError {\n  x();\n}`;
    expect(signatureProblems("a.ts", text("error: unknown, what: string"))).toEqual([]);
    expect(signatureProblems("a.ts", text("what: string, error: unknown"))).toHaveLength(1);
    expect(signatureProblems("a.ts", "function leaseLost(): Promise<never> {\n}")).toHaveLength(1);
  });

  test("the same kind in two adapters is one idea", () => {
    const text = "export function isId(): void {}";
    expect(
      doubleNames([...exportsOf("adapters/aws/src/a.ts", text), ...exportsOf("adapters/gcp/src/a.ts", text)]),
    ).toEqual([]);
  });
});
