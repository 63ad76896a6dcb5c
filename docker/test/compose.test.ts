import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { brokerImages, imageVariable } from "../src/images.ts";

const text = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** Variable to default, of every `image: ${VARIABLE:-default}`; a line of another form counts under its whole text. */
function imagesOf(path: string): Readonly<Record<string, string | undefined>> {
  const lines = text(path)
    .split("\n")
    .filter((line) => /^\s*image:/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [, variable, image] = /^\s*image: \$\{(\w+):-([^}]+)\}$/.exec(line) ?? [];
      return [variable ?? line, image];
    }),
  );
}

test("the images of compose.yaml are the defaults of images.json, each overridable by its variable", () => {
  const defaults = (["nats", "rabbitmq", "redis", "gcp", "aws"] as const).map((kind) => [
    imageVariable(kind),
    Object.values(brokerImages()[kind])[0],
  ]);
  expect(imagesOf("compose.yaml")).toEqual(Object.fromEntries(defaults));
});

test("every image is pinned to a version", () => {
  for (const image of Object.values(imagesOf("compose.yaml"))) {
    expect(image).toMatch(/:[^:/]*\d+\.\d+\.\d+[^:/]*$/);
  }
});

test("the images of compose.debian.yaml replace all of compose.yaml, and all are built here", () => {
  const debian = imagesOf("compose.debian.yaml");
  expect(Object.keys(debian).toSorted()).toEqual(Object.keys(imagesOf("compose.yaml")).toSorted());
  const unbuilt = Object.values(debian).filter((image) => {
    const [, name] = /^anytopic\/(\w+):debian$/.exec(String(image)) ?? [];
    return !existsSync(new URL(`../debian/${name}/Dockerfile`, import.meta.url));
  });
  expect(unbuilt).toEqual([]);
});

test.each(["compose.yaml", "compose.debian.yaml"])("%s publishes ports on the loopback address alone", (path) => {
  const published = text(path)
    .split("\n")
    .filter((line) => /^\s*- .*\d+:\d+/.test(line));
  expect(published).not.toEqual([]);
  expect(published.filter((line) => !/^\s*- "127\.0\.0\.1:\d+:\d+"$/.test(line))).toEqual([]);
});
