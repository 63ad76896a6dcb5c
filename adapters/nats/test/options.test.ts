import { PubSubError } from "@anytopic/core";
import { adapterModule, nats, natsCapabilities, type NatsOptions } from "@anytopic/nats";
import { describe, expect, test } from "vitest";
import { checkedOptions, readUrl } from "../src/options.ts";

describe("options", () => {
  test("have defaults and are frozen", () => {
    const checked = checkedOptions();
    expect(checked).toMatchObject({
      servers: ["127.0.0.1:4222"],
      storage: "file",
      replicas: 1,
      prefix: "",
      maxAckPending: 100_000,
    });
    expect(Object.isFrozen(checked)).toBe(true);
  });

  test.each<[NatsOptions | Record<string, unknown>, RegExp]>([
    [{ server: "x" }, /no option "server": known are servers/],
    [{ servers: [] }, /servers is empty/],
    [{ servers: "http://x" }, /must be host:port/],
    [{ replicas: 6 }, /replicas is 6: must be a whole number from 1 to 5/],
    [{ storage: "disk" }, /must be one of "file", "memory"/],
    [{ prefix: "a__b" }, /prefix is 'a__b'/],
    [{ domain: "a.b" }, /domain is 'a.b'/],
    [{ inboxPrefix: "a.*" }, /inboxPrefix/],
    [{ user: "u", token: "t" }, /user and token are given/],
    [{ password: "p" }, /password is given without user/],
    [{ tls: "yes" }, /tls must be/],
    [{ connection: {} }, /must be a NatsConnection/],
  ])("refuses %j", (options, expected) => {
    expect(() => nats(options as NatsOptions)).toThrow(TypeError);
    expect(() => nats(options as NatsOptions)).toThrow(expected);
  });

  test("capabilities follow the options that they name", () => {
    expect(nats().capabilities).toEqual(natsCapabilities);
    const { maxMessageBytes, deduplicationWindowMs } = nats({
      maxPayloadBytes: 65_536,
      deduplicationWindowMs: 1000,
    }).capabilities;
    expect({ maxMessageBytes, deduplicationWindowMs }).toEqual({
      maxMessageBytes: 57_344,
      deduplicationWindowMs: 1000,
    });
  });
});

describe("URL", () => {
  test.each<[string, NatsOptions]>([
    ["nats:", {}],
    ["nats://", {}],
    ["nats://h", { servers: ["h"] }],
    ["nats://a:1,b:2,[::1]:3/", { servers: ["a:1", "b:2", "[::1]:3"] }],
    ["nats://u:p%40ss@h:1", { servers: ["h:1"], user: "u", password: "p@ss" }],
    ["nats://t0ken@h", { servers: ["h"], token: "t0ken" }],
    ["tls://h", { servers: ["h"], tls: true }],
    ["nats://h?tlsCaFile=/ca.pem&tls=true", { servers: ["h"], tls: { caFile: "/ca.pem" } }],
    [
      "nats://h?replicas=3&prefix=staging&storage=memory",
      { servers: ["h"], replicas: 3, prefix: "staging", storage: "memory" },
    ],
  ])("%s", (url, expected) => {
    expect(readUrl(url)).toEqual(expected);
    expect(adapterModule.fromUrl(url).name).toBe("nats");
  });

  test.each([
    ["nats://u:s3cret@h:1/path", /malformed/],
    ["nats://u:s3cret@h?replica=3", /unknown option 'replica': known are/],
    ["nats://u:s3cret@h?replicas=x", /replicas in the NATS URL is 'x'/],
    ["nats://u:s3cret@h?replicas=9", /replicas is 9/],
    ["nats://u:s3cret@h?replicas=1&replicas=2", /replicas twice/],
    ["nats://u:s3cret%@h", /percent-encoded/],
    ["nats://u:s3cret@h@i h", /must be host:port/],
    ["nats://u:s3cret@h?tls=1", /tls in the NATS URL/],
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
    expect(() => adapterModule.fromUrl("nats://h?replicas=1", { replicas: 3 })).toThrow(/replicas given both/);
    expect(() => adapterModule.fromUrl("nats://h", { replica: 3 })).toThrow(/no option "replica"/);
    expect(adapterModule.fromUrl("nats://h", { maxPayloadBytes: 65_536 }).capabilities.maxMessageBytes).toBe(57_344);
  });
});
