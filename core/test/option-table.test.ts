import { PubSubError } from "@anytopic/core";
import { type Checked, checkOptions, option, type OptionTable, queryOptions, urlReader } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";

interface Options {
  readonly maxPulls?: number | undefined;
  readonly waits?: boolean | undefined;
  readonly prefix?: string | undefined;
  readonly password?: string | undefined;
  readonly client?: object | undefined;
}

const TABLE: OptionTable<Checked<Options, "maxPulls">> = {
  adapter: "sample",
  rules: {
    maxPulls: option.integer({ min: 1, max: 20, default: 4, inUrl: "pulls" }),
    waits: option.boolean(),
    prefix: option.text({ matches: /^[a-z]*$/, allowed: "small letters" }),
    password: option.secret({ inUrl: true }),
    client: option.object(),
  },
};
const readUrl = (url: string): Options => queryOptions(TABLE, url, url.slice(url.indexOf("?")));
const check = (options: Options): Checked<Options, "maxPulls"> => checkOptions(TABLE, options);
const fromUrl = urlReader(TABLE, readUrl, check);

describe("options of an adapter", () => {
  test("are filled in, frozen, and undefined is left out", () => {
    const checked = check({ prefix: "a", maxPulls: undefined });
    expect(checked).toEqual({ maxPulls: 4, prefix: "a" });
    expect(Object.isFrozen(checked)).toBe(true);
  });

  test.each([
    [{ maxPull: 1 }, /has no option "maxPull": known are maxPulls, .*client; did you mean "maxPulls"\?$/],
    [{ colour: 1 }, /known are maxPulls, waits, prefix, password, client$/],
    [{ maxPulls: null }, "sample: maxPulls is null: must be a whole number from 1 to 20"],
    [{ waits: "true" }, "sample: waits is 'true': must be true or false"],
    [{ prefix: "A" }, "sample: prefix is 'A': must be small letters"],
    [{ client: [] }, "sample: client is an array: must be an object"],
    [{ client: "hunter2" }, "sample: client is text: must be an object"],
    [{ password: "" }, "sample: password is not text, or is empty"],
  ])("%j are a TypeError", (options: object, expected) => {
    expect(() => check(options)).toThrow(TypeError);
    expect(() => check(options)).toThrow(expected);
  });
});

describe("options from a URL", () => {
  test("are read by their kind and the name they have there", () => {
    expect(fromUrl("x:?pulls=2&waits=false&prefix=a")).toEqual({ maxPulls: 2, waits: false, prefix: "a" });
    expect(fromUrl("x:?pulls=2", { maxPulls: 2, waits: true })).toEqual({ maxPulls: 2, waits: true });
  });

  test.each([
    ["x:?maxPulls=2", {}, /no option "maxPulls": known are pulls, waits, prefix, password\. See/],
    ["x:?prefx=a", {}, /did you mean "prefix"\?/],
    ["x:?client=a", {}, /no option "client"/],
    ["x:?waits=1", {}, "sample: waits in the URL is '1': must be true or false"],
    ["x:?pulls=1&pulls=1", {}, "sample: the URL has pulls twice"],
    ["x:?pulls=1", { maxPulls: 2 }, 'disagree on "maxPulls"'],
    ["x:", null, "sample: options are null: must be an object"],
    ["x:?waits=hunter2@host", {}, "sample: waits in the URL is (not shown): must be true or false"],
    ["x:?hunter=2@host", {}, "has no option (not shown"],
  ])("%s with %j is INVALID_CONFIG", (url, options, expected) => {
    expect(() => fromUrl(url, options)).toThrow(PubSubError);
    expect(() => fromUrl(url, options)).toThrow(expected);
    expect(() => fromUrl(url, options)).not.toThrow("hunter");
  });

  test("a disagreement on a secret shows neither", () => {
    const words = { conflict: (name: string, one: string, other: string) => `${name} is ${one} and ${other}` };
    const shows = urlReader({ ...TABLE, words }, readUrl, check);
    expect(() => shows("x:?prefix=a", { prefix: "b" })).toThrow("prefix is 'a' and 'b'");
    expect(() => shows("x:?password=a", { password: "b" })).toThrow("password is one and another one");
  });
});
