import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { nodeHandler, type NodeHandlerOptions } from "../src/node.ts";

type Handle = (request: Request) => Response | Promise<Response>;

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** What the server answers to these lines, until it closes the connection. */
async function answerTo(lines: readonly string[], handle: Handle, options?: NodeHandlerOptions): Promise<string> {
  const port = await listening(createServer({ requireHostHeader: false }, nodeHandler(handle, options)));
  const socket = connect(port, "127.0.0.1");
  socket.write(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n`);
  return await text(socket);
}

const address: Handle = (request) => new Response(`${request.method} ${request.url}`);

test.for<readonly [line: string, says: string]>([
  ["GET /a%2Fb/?c=%20d HTTP/1.1", "GET http://app.example:81/a%2Fb/?c=%20d"],
  ["GET //evil.example/x HTTP/1.1", "GET http://app.example:81//evil.example/x"],
  ["DELETE / HTTP/1.1", "DELETE http://app.example:81/"],
  ["GET http://evil.example/ HTTP/1.1", "HTTP/1.1 400"],
  ["OPTIONS * HTTP/1.1", "HTTP/1.1 400"],
])("%s", async ([line, says]) => {
  expect(await answerTo([line, "host: app.example:81"], address)).toContain(says);
});

test("an address with a host is refused, also where it would become part of the name", async () => {
  const lines = ["GET http://evil.example/ HTTP/1.1", "host: app.example"];
  expect(await answerTo(lines, address)).toContain("HTTP/1.1 400");
});

test.for(["", "a@b", "a/b", "a b", "a:99999", "[::1"])("a request for the host %j is refused", async (host) => {
  expect(await answerTo(["GET / HTTP/1.1", `host: ${host}`], address)).toContain("HTTP/1.1 400");
});

const forwarded = [
  "GET /x HTTP/1.1",
  "host: 127.0.0.1:3000",
  "x-forwarded-host: spoofed.example, app.example",
  "x-forwarded-proto: http, https",
];

test("a proxy is believed only when it is trusted, and then the nearest one", async () => {
  const both: Handle = (request) => new Response(`${request.url} ${request.headers.get("host")}`);
  expect(await answerTo(forwarded, both)).toContain("http://127.0.0.1:3000/x 127.0.0.1:3000");
  expect(await answerTo(forwarded, both, { trustProxy: true })).toContain("https://app.example/x app.example");
  const wrong = [...forwarded.slice(0, 3), "x-forwarded-proto: javascript"];
  expect(await answerTo(wrong, both, { trustProxy: true })).toContain("HTTP/1.1 400");
});

test("every cookie and header arrives", async () => {
  const answer = await answerTo(["GET / HTTP/1.1", "host: a", "cookie: a=1", "cookie: b=2"], (request) => {
    const headers = new Headers({ "x-cookie": request.headers.get("cookie") ?? "" });
    headers.append("set-cookie", "c=3; Path=/");
    headers.append("set-cookie", "d=4");
    return new Response(null, { status: 204, headers });
  });
  expect(answer).toContain("HTTP/1.1 204");
  expect(answer).toContain("x-cookie: a=1; b=2");
  expect(answer.match(/set-cookie: .*/g)).toEqual(["set-cookie: c=3; Path=/", "set-cookie: d=4"]);
});

test("HEAD sends no body, and ends its source", async () => {
  let cancelled = false;
  const answer = await answerTo(["HEAD / HTTP/1.1", "host: a"], () => {
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    return new Response(body, { headers: { "x-a": "b" } });
  });
  expect([answer.endsWith("\r\n\r\n"), answer.includes("x-a: b"), cancelled]).toEqual([true, true, true]);
});

test("a handler that fails is a 500, or what the framework makes of it", async () => {
  const fails: Handle = () => Promise.reject(new Error("a secret"));
  const answer = await answerTo(["GET / HTTP/1.1", "host: a"], fails);
  expect([answer.startsWith("HTTP/1.1 500"), answer.includes("secret")]).toEqual([true, false]);
  const bridge = nodeHandler(fails);
  const port = await listening(
    createServer((request, response) =>
      bridge(request, response, (error) => response.writeHead(418).end(String(error))),
    ),
  );
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect([response.status, await response.text()]).toEqual([418, "Error: a secret"]);
});

test("a body that fails half way ends the connection, and not the process", async () => {
  let parts = 0;
  const port = await listening(
    createServer(
      nodeHandler(() => {
        const pull = (controller: ReadableStreamDefaultController): void => {
          parts += 1;
          if (parts > 1) controller.error(new Error("half way"));
          else controller.enqueue(new TextEncoder().encode("first"));
        };
        return new Response(new ReadableStream({ pull }));
      }),
    ),
  );
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow("terminated");
});

test("HTTP/2 works as well", async () => {
  const port = await listening(createHttp2Server(nodeHandler(address) as never));
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  expect(await text(session.request({ ":path": "/two?x=1" }))).toBe(`GET http://127.0.0.1:${port}/two?x=1`);
});
