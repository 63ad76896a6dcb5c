import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { httpHandler } from "../src/http-handler.ts";

const REQUESTS = 6;

/** The most requests that a server saw at the same time, out of `REQUESTS` made at once, and how many sockets carried them. */
async function seenAtOnce(maxSockets: number): Promise<{ readonly most: number; readonly sockets: number }> {
  const answers: (() => void)[] = [];
  let sockets = 0;
  let most = 0;
  const server = createServer((_request, response) => {
    answers.push(() => response.end("{}"));
    most = Math.max(most, answers.length);
  });
  server.on("connection", () => (sockets += 1));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const handler = await httpHandler({ maxSockets, requestTimeoutMs: 10_000 });
  const to = { protocol: "http:", hostname: "127.0.0.1", port, path: "/", method: "POST", headers: {}, query: {} };
  let answered = 0;
  const request = async (): Promise<void> => {
    const { response } = await handler.handle({ ...to, body: "{}" } as Parameters<typeof handler.handle>[0]);
    response.body.resume();
    answered += 1;
  };
  const requests = Array.from({ length: REQUESTS }, request);
  const expected = Math.min(maxSockets, REQUESTS);
  while (answered < REQUESTS) {
    await expect
      .poll(() => answered === REQUESTS || answers.length >= Math.min(expected, REQUESTS - answered))
      .toBe(true);
    const before = answered;
    for (const answer of answers.splice(0)) answer();
    await expect.poll(() => answered).toBeGreaterThan(before);
  }
  await Promise.all(requests);
  handler.destroy();
  server.close();
  return { most, sockets };
}

test("requests of one client use at most maxSockets sockets, again and again", async () => {
  expect(await seenAtOnce(2)).toEqual({ most: 2, sockets: 2 });
});

test("long polls have a socket each", async () => {
  expect(await seenAtOnce(Number.POSITIVE_INFINITY)).toEqual({ most: REQUESTS, sockets: REQUESTS });
});
