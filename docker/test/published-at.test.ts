import { expect, test } from "vitest";
import { publishedAt } from "../src/container/published-at.ts";

test.each([
  ["an engine of this machine", "localhost", { hostIp: "127.0.0.1", host: "127.0.0.1" }],
  ["the engine outside this container", "172.17.0.1", { hostIp: "172.17.0.1", host: "172.17.0.1" }],
  ["an engine elsewhere, by name", "docker", { hostIp: "", host: "docker" }],
  ["an override that says loopback", "127.0.0.1", { hostIp: "127.0.0.1", host: "127.0.0.1" }],
])("%s", (_, engineHost, expected) => {
  expect(publishedAt(engineHost)).toEqual(expected);
});
