import { PubSubError } from "@anytopic/core";
import { adapterModule, redis, type RedisOptions } from "@anytopic/redis";
import { describe, expect, test } from "vitest";
import { checkedOptions, readUrl } from "../src/options.ts";

describe("options", () => {
  test("have defaults and are frozen", () => {
    const checked = checkedOptions();
    expect(checked).toMatchObject({
      servers: [{ host: "127.0.0.1", port: 6379 }],
      cluster: false,
      db: 0,
      prefix: "",
      durability: "everysec",
      replicas: 0,
      unsafeServer: "refuse",
    });
    expect(Object.isFrozen(checked)).toBe(true);
  });

  test.each<[RedisOptions | Record<string, unknown>, RegExp]>([
    [{ server: "x" }, /no option "server": known are servers/],
    [{ servers: [] }, /servers is empty/],
    [{ servers: "redis://x" }, /must be host:port/],
    [{ servers: "x:0" }, /must be host:port/],
    [{ servers: "u:s3cret@x" }, /must not contain credentials/],
    [{ servers: ["a", "b"] }, /several are allowed with sentinel or cluster only/],
    [{ servers: ["a", "b"], sentinel: "main", cluster: true }, /only one of the two/],
    [{ user: "u" }, /user is given without password/],
    [{ sentinelPassword: "p" }, /sentinelPassword is given without sentinel/],
    [{ sentinel: "main", sentinelUser: "u" }, /sentinelUser is given without sentinelPassword/],
    [{ cluster: true, db: 1 }, /a cluster has only the database 0/],
    [{ db: -1 }, /db is -1/],
    [{ name: "two words" }, /name is 'two words'/],
    [{ prefix: "a{b}" }, /prefix is 'a{b}'/],
    [{ durability: "maybe" }, /must be one of "always", "everysec", "process", "trusted"/],
    [{ replicas: 21 }, /replicas is 21: must be a whole number from 0 to 20/],
    [{ unsafeServer: "ignore" }, /must be one of "refuse", "warn"/],
    [{ tls: "yes" }, /tls must be/],
    [{ tls: { ca: "x", caFile: "y" } }, /tls has caFile and ca/],
  ])("refuses %j", (options, expected) => {
    expect(() => redis(options as RedisOptions)).toThrow(TypeError);
    expect(() => redis(options as RedisOptions)).toThrow(expected);
  });

  test("durability process says so in the capabilities", () => {
    expect(redis().capabilities.durability).toBe("broker");
    expect(redis({ durability: "process" }).capabilities.durability).toBe("process");
  });
});

describe("URL", () => {
  test.each<[string, RedisOptions]>([
    ["redis:", {}],
    ["redis://", {}],
    ["redis://h", { servers: ["h"] }],
    ["redis://h:1/", { servers: ["h:1"] }],
    ["redis://h/3", { servers: ["h"], db: 3 }],
    ["redis://[::1]:3", { servers: ["[::1]:3"] }],
    ["redis://u:p%40ss@h:1", { servers: ["h:1"], user: "u", password: "p@ss" }],
    ["redis://:p:q@h", { servers: ["h"], password: "p:q" }],
    ["redis://a:1,b:2?sentinel=mymaster", { servers: ["a:1", "b:2"], sentinel: "mymaster" }],
    ["redis://a:1,b:2?cluster=true", { servers: ["a:1", "b:2"], cluster: true }],
    ["rediss://h", { servers: ["h"], tls: true }],
    ["rediss://h?tlsCaFile=/ca.pem", { servers: ["h"], tls: { caFile: "/ca.pem" } }],
    [
      "redis://h?prefix=staging&durability=always&replicas=1&unsafeServer=warn",
      { servers: ["h"], prefix: "staging", durability: "always", replicas: 1, unsafeServer: "warn" },
    ],
  ])("%s", (url, expected) => {
    expect(readUrl(url)).toEqual(expected);
    expect(adapterModule.fromUrl(url).name).toBe("redis");
  });

  test.each([
    ["redis://u:s3cret@h:1/path", /malformed/],
    ["redis://u:s3cret@h?replica=3", /unknown option 'replica': known are/],
    ["redis://u:s3cret@h?replicas=x", /replicas in the Redis URL is 'x'/],
    ["redis://u:s3cret@h?replicas=99", /replicas is 99/],
    ["redis://u:s3cret@h?servers=a", /unknown option/],
    ["redis://u:s3cret%@h", /percent-encoded/],
    ["redis://s3cret@h", /has no password/],
    ["redis://u:s3cret@a,b", /several are allowed/],
    ["redis://u:s3cret@i h", /must be host:port/],
    ["redis://u:s3cret@h?tlsCaFile=/x", /begins with redis: write rediss:/],
    ["http://u:s3cret@h", /malformed/],
  ])("refuses %s without showing the password", (url, expected) => {
    let error: unknown;
    try {
      adapterModule.fromUrl(url);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(PubSubError);
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
    expect(String(error)).toMatch(expected);
    expect(String(error)).not.toContain("s3cret");
  });

  test("an option may not be given twice, and options are checked", () => {
    expect(() => adapterModule.fromUrl("redis://h?replicas=1", { replicas: 3 })).toThrow(/replicas given both/);
    expect(() => adapterModule.fromUrl("redis://h", { replica: 3 })).toThrow(/no option "replica"/);
  });
});
