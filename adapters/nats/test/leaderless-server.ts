import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** How the server answers `$JS.API.STREAM.INFO`. */
export type InfoAnswer = "nothing" | "no leader" | "leader";

/** Speaks so much of the NATS protocol that a client publishes. No stream ever stores what it gets: it has no leader. */
export async function leaderlessServer(
  topic: string,
  version = "2.9.10",
): Promise<{ readonly url: string; info: InfoAnswer }> {
  const state: { url: string; info: InfoAnswer } = { url: "", info: "nothing" };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.write(
      `INFO {"server_id":"S","server_name":"S","version":"${version}","proto":1,"headers":true,"max_payload":1048576,"jetstream":true}\r\n`,
    );
    serve(socket, (subject) =>
      subject.startsWith("$JS.API.STREAM.INFO.") ? infoAnswer(state.info, topic) : NO_RESPONDERS,
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  state.url = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

const NO_RESPONDERS = { headers: "NATS/1.0 503\r\n\r\n", body: "" };

interface Reply {
  readonly headers: string;
  readonly body: string;
}

function infoAnswer(answer: InfoAnswer, topic: string): Reply | undefined {
  if (answer === "nothing") return undefined;
  const body =
    answer === "no leader"
      ? { error: { code: 503, err_code: 10_008, description: "JetStream system temporarily unavailable" } }
      : { config: { name: topic, subjects: [topic] }, cluster: { leader: "n1" } };
  return { headers: "NATS/1.0\r\n\r\n", body: JSON.stringify(body) };
}

function serve(socket: Socket, replyTo: (subject: string) => Reply | undefined): void {
  const subscriptions = new Map<string, string>();
  const answer = (subject: string, reply: string): void => {
    const found = replyTo(subject);
    if (found === undefined) return;
    for (const [sid, pattern] of subscriptions) {
      if (!reply.startsWith(pattern.replace(/\*$/, ""))) continue;
      const { headers, body } = found;
      socket.write(`HMSG ${reply} ${sid} ${headers.length} ${headers.length + body.length}\r\n${headers}${body}\r\n`);
    }
  };
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    for (let end = received.indexOf("\r\n"); end >= 0; end = received.indexOf("\r\n")) {
      const [verb = "", ...words] = received.slice(0, end).split(" ");
      const bodyLength = verb === "PUB" || verb === "HPUB" ? Number(words.at(-1)) + 2 : 0;
      if (received.length < end + 2 + bodyLength) return;
      received = received.slice(end + 2 + bodyLength);
      if (verb === "PING") socket.write("PONG\r\n");
      else if (verb === "SUB") subscriptions.set(words.at(-1) ?? "", words[0] ?? "");
      else if (bodyLength > 0) answer(words[0] ?? "", words[1] ?? "");
    }
  });
}
