import { type Broker, browserOrSkip, BROWSER_ARGUMENTS, startBrokerOrSkip } from "@anytopic/brokers";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";

import { startChatProcess } from "./chat-process.ts";
import { Visitor } from "./chat-visitor.ts";

const executablePath = browserOrSkip();
const PATIENCE = { timeout: 30_000, interval: 100 };

describe.skipIf(executablePath === undefined)("the chat", { timeout: 180_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: [...BROWSER_ARGUMENTS] });
  });
  afterAll(async () => await browser?.close());

  test("opens on memory: messages, rooms, who is here, markup is text", async () => {
    const server = await startChatProcess(["--port", "0"]);
    try {
      const ada = await Visitor.enter(browser, { url: server.url, name: "Ada" });
      const bob = await Visitor.enter(browser, { url: server.url, name: "Bob" });
      const eve = await Visitor.enter(browser, { url: server.url, name: "Eve", room: "attic" });
      await expect.poll(() => ada.present(), PATIENCE).toEqual(["Ada", "Bob"]);
      const markup = `<img src=x onerror="document.title='owned'">`;
      await ada.say("hello");
      await bob.say(markup);
      await eve.say("is anybody here?");
      for (const one of [ada, bob]) await expect.poll(() => one.texts(), PATIENCE).toEqual(["hello", markup]);
      await expect.poll(() => eve.texts(), PATIENCE).toEqual(["is anybody here?"]);
      expect(await ada.page.title()).toBe("Chat");
      await bob.page.close();
      await expect.poll(() => ada.present(), PATIENCE).toEqual(["Ada"]);
    } finally {
      expect(await server.end("SIGTERM")).toBe(0);
    }
    expect(server.errors()).toBe("");
  });

  test("another site's page, and what is no message, reach nobody", async () => {
    const server = await startChatProcess(["--port", "0"]);
    try {
      const ada = await Visitor.enter(browser, { url: server.url, name: "Ada" });
      const address = `${server.url.replace("http", "ws")}/socket`;
      await expect(opened(address, "https://evil.example")).rejects.toThrow(/socket hang up|closed/);
      const stranger = await opened(address, server.url);
      for (const text of ["", "{", "[]", `{"type":"join","room":"../x","name":"a"}`, `{"type":"say","id":"1"}`])
        stranger.send(text);
      stranger.send(JSON.stringify({ type: "say", id: crypto.randomUUID(), text: "without a room" }));
      const reasons = await answers(stranger, 6);
      expect(reasons.map(({ reason }) => reason)).toEqual([
        ...new Array<string>(5).fill("not understood"),
        "join a room first",
      ]);
      stranger.send("x".repeat(20_000));
      await expect.poll(() => stranger.readyState, PATIENCE).toBe(WebSocket.CLOSED);
      await ada.say("still here");
      await expect.poll(() => ada.texts(), PATIENCE).toEqual(["still here"]);
    } finally {
      await server.end("SIGTERM");
    }
  });

  test.for(["nats", "redis", "rabbitmq"] as const)(
    "two servers on %s: order, history, a server that is killed",
    async (kind, context) => {
      const broker = await startBrokerOrSkip(kind);
      if (broker === undefined) return context.skip(`no broker for ${kind}`);
      try {
        await expectStory(broker, browser);
      } finally {
        await broker.close();
      }
    },
  );
});

async function expectStory({ url, kind }: Broker, browser: Browser): Promise<void> {
  const start = async (name: string, port = 0): ReturnType<typeof startChatProcess> =>
    await startChatProcess(["--url", url, "--name", name, "--port", String(port)]);
  const first = await start("one");
  let second = await start("two");
  try {
    const ada = await Visitor.enter(browser, { url: first.url, name: "Ada" });
    const bob = await Visitor.enter(browser, { url: second.url, name: "Bob" });
    for (const one of [ada, bob]) await expect.poll(() => one.present(), PATIENCE).toEqual(["Ada", "Bob"]);
    // Both at the same time.
    const numbers = Array.from({ length: 8 }, (_, index) => index);
    await Promise.all(
      [ada, bob].map(async (one, who) => {
        for (const number of numbers) await one.say(`${who} says ${number}`);
      }),
    );
    await expect.poll(async () => (await ada.texts()).length, PATIENCE).toBe(16);
    await expect.poll(async () => (await bob.texts()).length, PATIENCE).toBe(16);
    for (const one of [ada, bob]) {
      const texts = await one.texts();
      for (const who of [0, 1])
        expect(texts.filter((text) => text.startsWith(String(who)))).toEqual(numbers.map((n) => `${who} says ${n}`));
    }
    // RabbitMQ has a queue for each server, and no order between what two servers publish at the same moment.
    const own = await bob.texts();
    expect(kind === "rabbitmq" ? own.toSorted() : own).toEqual(
      kind === "rabbitmq" ? (await ada.texts()).toSorted() : await ada.texts(),
    );

    const port = Number(new URL(second.url).port);
    await second.end("SIGKILL");
    await bob.say("said while my server is gone");
    await expect.poll(() => ada.present(), PATIENCE).toEqual(["Ada"]);
    second = await start("two", port);
    const expected = [...(await ada.texts()).slice(0, 16), "said while my server is gone"];
    await expect.poll(() => ada.texts(), PATIENCE).toEqual(expected);
    await expect.poll(() => ada.present(), PATIENCE).toEqual(["Ada", "Bob"]);
    // RabbitMQ brings nothing back: the server that was killed knows what came after it.
    const known = kind === "rabbitmq" ? expected.slice(16) : expected;
    await expect.poll(() => bob.texts(), PATIENCE).toEqual(known);
    const late = await Visitor.enter(browser, { url: first.url, name: "Cy" });
    await expect.poll(() => late.texts(), PATIENCE).toEqual(expected);
  } finally {
    expect(await first.end("SIGTERM")).toBe(0);
    expect(await second.end("SIGTERM")).toBe(0);
  }
}

async function opened(address: string, origin: string): Promise<WebSocket> {
  const socket = new WebSocket(address, { origin });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return socket;
}

async function answers(socket: WebSocket, count: number): Promise<readonly { readonly reason: string }[]> {
  const received: { readonly reason: string }[] = [];
  socket.on("message", (data) => received.push(JSON.parse((data as Buffer).toString()) as { readonly reason: string }));
  await expect.poll(() => received.length, PATIENCE).toBe(count);
  return received;
}
