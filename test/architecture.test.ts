import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { importedModules } from "./import-rules.ts";
import { exportsOf } from "./name-rules.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

const document = readTracked("docs/architecture.md");
const [, ...fences] = document.split("```mermaid\n");
const drawings = fences.map((text) => text.split("```")[0] ?? "");
const words = [...document.replace(/```mermaid[^]*?```/g, "").matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);

const paths = words.filter((word) => word.endsWith("/src") || /^[\w./-]+(\.ts|\/)$/.test(word));
const coreSources = trackedFiles.filter((path) => /^core\/src\/.*\.ts$/.test(path));
const folders = new Set(trackedFiles.flatMap(ancestors));

function ancestors(path: string): readonly string[] {
  const folder = posix.dirname(path);
  return folder === "." ? [] : [folder, ...ancestors(folder)];
}

/** What each path stands for. One that ends in `src` sets the place for those that follow; `*` stands for any adapter. */
function meanings(): readonly (readonly string[])[] {
  let places: readonly string[] = [];
  return paths.map((named) => {
    if (named.endsWith("/src")) return (places = [...folders].filter((folder) => posix.matchesGlob(folder, named)));
    const path = named.replace(/\/$/, "");
    return [path, ...places.map((place) => `${place}/${path}`)].filter(exists);
  });
}

const exists = (path: string): boolean => folders.has(path) || trackedFiles.includes(path);

describe("docs/architecture.md", () => {
  test("every path that it names exists", () => {
    const found = meanings();
    expect(paths.filter((_path, index) => found[index]?.length === 0)).toEqual([]);
    expect(paths.length).toBeGreaterThan(50);
  });

  test("it names every room of core and of the adapters", () => {
    const named = new Set(meanings().flat());
    const rooms = [...folders].filter((folder) => /^(core|adapters\/\w+)\/src\/[\w-]+$/.test(folder));
    expect(rooms.filter((room) => !named.has(room))).toEqual([]);
  });

  test("every class and type that it names is one of core", () => {
    const known = new Set(coreSources.flatMap((path) => exportsOf(path, readTracked(path))).map(({ name }) => name));
    const drawn = drawings.flatMap((text) =>
      [...text.matchAll(/^ *participant .*?(\w+)$/gm)].map(([, name = ""]) => name),
    );
    const names = [...words, ...drawn].filter((word) => /^[A-Z][a-z]+([A-Z]\w*|$)/.test(word) && /^\w+$/.test(word));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(10);
  });

  test("every arrow between the rooms of core is an import", () => {
    const [drawing = ""] = drawings;
    const labels = new Map([...drawing.matchAll(/(\w+)\["([^"]+)"\]/g)].map(([, id = "", label = ""]) => [id, label]));
    const arrows = [...drawing.matchAll(/^ *(\w+)(?:\[.*?\])? --> (\w+)/gm)].map(([, from = "", to = ""]) =>
      [from, to].map((id) => labels.get(id) ?? id).join(" → "),
    );
    const room = (path: string): string => path.split("/")[2] ?? "";
    const importsOf = (path: string): readonly string[] =>
      importedModules(path, readTracked(path))
        .filter((name) => name.startsWith("."))
        .map((name) => `${room(path)} → ${room(posix.join(posix.dirname(path), name))}`);
    const imports = new Set(coreSources.flatMap(importsOf));
    expect(arrows.filter((arrow) => !imports.has(arrow))).toEqual([]);
    expect(arrows.length).toBeGreaterThan(10);
  });
});
