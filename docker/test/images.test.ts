import { readFileSync } from "node:fs";
import { beforeEach, expect, test, vi } from "vitest";
import { brokerImages, imageVariable } from "../src/index.ts";
import { chooseImage } from "../src/images.ts";

const KINDS = ["nats", "rabbitmq", "redis", "aws", "gcp"] as const;

beforeEach(() => {
  for (const kind of KINDS) vi.stubEnv(imageVariable(kind), undefined);
});

test("every image has a tag that stays", () => {
  for (const images of Object.values(brokerImages())) {
    for (const image of Object.values(images)) expect(image).toMatch(/:(\d+\.\d+\.\d+[\w.-]*|debian)$/);
  }
});

test("the first image of a kind is its default, others are asked for by implementation", () => {
  expect(chooseImage("aws", {})).toEqual({ name: brokerImages().aws["localstack"], implementation: "localstack" });
  expect(chooseImage("aws", { implementation: "moto" })).toEqual({
    name: brokerImages().aws["moto"],
    implementation: "moto",
  });
  expect(chooseImage("aws", { implementation: "unheard-of" })).toBeUndefined();
});

test("a variable replaces the default, and its name tells what is inside", () => {
  vi.stubEnv("ANYTOPIC_AWS_IMAGE", "my.registry:5000/team/moto:5");
  expect(chooseImage("aws", {})).toEqual({ name: "my.registry:5000/team/moto:5", implementation: "moto" });
  expect(chooseImage("aws", { implementation: "localstack" })?.name).toBe(brokerImages().aws["localstack"]);
  vi.stubEnv("ANYTOPIC_GCP_IMAGE", "anytopic/pstest:debian");
  expect(chooseImage("gcp", {})?.implementation).toBe("pstest");
  vi.stubEnv("ANYTOPIC_REDIS_IMAGE", "anytopic/valkey:debian");
  expect(chooseImage("redis", {})?.implementation).toBe("valkey");
  vi.stubEnv("ANYTOPIC_NATS_IMAGE", "anytopic/nats:debian");
  expect(chooseImage("nats", {})).toEqual({ name: "anytopic/nats:debian", implementation: "nats-server" });
});

test("an image given in code wins, and so does what the code says is inside", () => {
  vi.stubEnv("ANYTOPIC_AWS_IMAGE", "anytopic/moto:debian");
  expect(chooseImage("aws", { image: "mine:1", implementation: "fauxqs" })).toEqual({
    name: "mine:1",
    implementation: "fauxqs",
  });
});

test.each([
  ["compose.yaml", KINDS.map((kind) => Object.values(brokerImages()[kind])[0])],
  ["compose.debian.yaml", ["nats", "rabbitmq", "redis", "moto", "pstest"].map((name) => `anytopic/${name}:debian`)],
] as const)("%s starts the same images, replaced by the same variables", (file, images) => {
  const compose = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
  const lines = KINDS.map((kind, index) => `\${${imageVariable(kind)}:-${images[index]}}`);
  const found = Array.from(compose.matchAll(/^ +image: (.*)$/gm), ([, image]) => image);
  expect(new Set(found)).toEqual(new Set(lines));
});
