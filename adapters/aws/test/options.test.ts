import { readFileSync } from "node:fs";
import { PubSubError } from "@anytopic/core/driver";
import { adapterModule, aws } from "@anytopic/aws";
import { describe, expect, test } from "vitest";
import { OPTIONS } from "../src/options.ts";
import { createTestClients } from "./clients.ts";

function refusal(url: string, options?: unknown): PubSubError {
  try {
    adapterModule.fromUrl(url, options);
  } catch (error) {
    if (error instanceof PubSubError) return error;
    throw error;
  }
  throw new Error(`${url} was taken`);
}

describe("the URL", () => {
  test.for([
    "aws://eu-west-1",
    "aws://",
    "aws:",
    "aws://us-gov-west-1?account=123456789012&profile=work&prefix=staging-",
    "aws://eu-west-1?endpoint=http://127.0.0.1:4566&pollWaitSeconds=1&maxReceivers=2&maxSockets=3",
  ])("%s is taken, and nobody is contacted", (url) => {
    expect(adapterModule.fromUrl(url)).toMatchObject({ name: "aws" });
  });

  test.for([
    ["aws://eu-west-1?acount=123456789012", /no option "acount": known are account, endpoint/],
    ["aws://eu-west-1?account=12", /account is '12': must be 12 digits/],
    ["aws://eu-west-1?prefix=a.b", /prefix is 'a\.b'/],
    ["aws://eu-west-1?pollWaitSeconds=21", /pollWaitSeconds is 21: must be a whole number from 1 to 20/],
    ["aws://eu-west-1?pollWaitSeconds=soon", /pollWaitSeconds='soon'/],
    ["aws://eu-west-1?endpoint=127.0.0.1:4566", /endpoint is not of the form http:/],
    ["aws://eu-west-1?profile=a&profile=b", /profile twice/],
    ["aws://eu-west-1/queue", /more than region and query/],
    ["aws://eu-west-1:4566", /more than region and query/],
    ["aws://EU_WEST_1", /region is/],
  ] as const)("%s is INVALID_CONFIG", ([url, says]) => {
    const error = refusal(url);
    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.message).toMatch(says);
  });

  test("with credentials is refused, without repeating them", () => {
    for (const url of ["aws://AKID:SECRET@eu-west-1", "aws://eu-west-1?endpoint=http://AKID:SECRET@127.0.0.1"]) {
      const error = refusal(url);
      expect(error.message).toMatch(/take them out/);
      expect(error.message).not.toMatch(/AKID|SECRET/);
    }
  });

  test("and options must not say two things; the same twice is fine", () => {
    expect(refusal("aws://eu-west-1", { region: "eu-west-2" })).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(
        "aws: region is 'eu-west-1' in the URL and 'eu-west-2' in the options: say it once. See ",
      ),
    });
    const endpoints = refusal("aws://eu-west-1?endpoint=http://AKID:SECRET@a", { endpoint: "http://AKID:SECRET@b" });
    expect(endpoints.message).not.toMatch(/AKID|SECRET/);
    expect(adapterModule.fromUrl("aws://eu-west-1", { region: "eu-west-1" })).toMatchObject({ name: "aws" });
    expect(adapterModule.fromUrl("aws://eu-west-1", { region: undefined })).toMatchObject({ name: "aws" });
    expect(adapterModule.fromUrl("aws://eu-west-1", { account: "123456789012" })).toMatchObject({ name: "aws" });
    expect(refusal("aws://eu-west-1", { acount: "1" }).message).toMatch(/no option "acount"/);
    expect(refusal("aws://eu-west-1", "account").message).toMatch(/must be an object/);
  });
});

describe("options", () => {
  test("are the README's, in the URL those that it says", () => {
    const readme = readFileSync(`${import.meta.dirname}/../README.md`, "utf8").split("\n## Options")[1] ?? "";
    const rows = [...readme.matchAll(/^\| (`.+?`) +\|[^|]+\|([^|]*)\|$/gm)].slice(0, Object.keys(OPTIONS.rules).length);
    const documented = rows.flatMap(([, names = "", meaning = ""]) =>
      names.split(", ").map((name) => [name.slice(1, -1), !/host of the URL|not in the URL/.test(meaning)]),
    );
    const declared = Object.entries(OPTIONS.rules).map(([name, { inUrl }]) => [name, inUrl]);
    expect(Object.fromEntries(documented)).toMatchObject(Object.fromEntries(declared));
  });

  test("a mistake is a TypeError that says what is allowed", () => {
    expect(() => aws({ region: "" })).toThrow(TypeError);
    expect(() => aws({ maxReceivers: 0 })).toThrow(/maxReceivers is 0: must be a whole number from 1 to 50/);
    expect(() => aws({ sqs: createTestClients("http://127.0.0.1:1").sqs })).toThrow(/give both or none/);
  });

  test("capabilities are the same before anything is opened, and frozen", () => {
    const { capabilities } = aws({ region: "eu-west-1" });
    expect(Object.isFrozen(capabilities)).toBe(true);
    expect(structuredClone(capabilities)).toEqual(capabilities);
  });
});
