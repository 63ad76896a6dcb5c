import dns from "node:dns";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws, type AwsOptions } from "@anytopic/aws";
import { connect, defineTopic, PubSubError } from "@anytopic/core";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";
import { createTestClients } from "./clients.ts";
import { createSqsFront } from "./sqs-front.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "s3cr3t" };

// As on a machine without any configuration for AWS.
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
});

async function refusal(options: AwsOptions): Promise<PubSubError> {
  const error: unknown = await connect(aws(options)).then(
    (pubsub) => pubsub.close(),
    (reason: unknown) => reason,
  );
  if (error instanceof PubSubError) return error;
  throw new Error("it connected", { cause: error });
}

/** An endpoint whose answers come from the listener. */
async function answering(listener: RequestListener): Promise<{ port: number } & Disposable> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("connecting", () => {
  test("without a region is INVALID_CONFIG, and says where one can be said", async () => {
    const { code, message } = await refusal({});
    expect(code).toBe("INVALID_CONFIG");
    expect(message).toMatch(/no region: say aws:\/\/<region>, set AWS_REGION/);
  });

  test("to a region that does not exist is UNAVAILABLE, and names it", async () => {
    const asked: string[] = [];
    vi.spyOn(dns, "lookup").mockImplementation((host: string, ...more: unknown[]) => {
      asked.push(host);
      const answer = more.at(-1) as (error: Error) => void;
      process.nextTick(answer, Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND", hostname: host }));
    });
    const { code, message } = await refusal({ region: "eu-wst-1", credentials });
    expect(asked).toContain("sqs.eu-wst-1.amazonaws.com");
    expect(code).toBe("UNAVAILABLE");
    expect(message).toMatch(/connect to SQS in eu-wst-1: the endpoint's host name does not resolve; check region/);
  });

  test.for([{}, { profile: "nobody" }])("without credentials is UNAUTHENTICATED: %o", async (options) => {
    const { code, message } = await refusal({ region: "eu-west-1", ...options });
    expect(code).toBe("UNAUTHENTICATED");
    expect(message).toMatch(/no credentials were found; set AWS_ACCESS_KEY_ID .* a profile that exists, or a role/);
  });

  test("to AWS_ENDPOINT_URL that is no URL is INVALID_CONFIG, and names the variable", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL", "localhost:4566");
    const { code, message } = await refusal({ region: "eu-west-1", credentials });
    expect(code).toBe("INVALID_CONFIG");
    expect(message).toMatch(/AWS_ENDPOINT_URL is not of the form http:\/\/host:port/);
  });

  test.for([200, 404, 407])("to a web page (%i) is INVALID_CONFIG", async (status) => {
    using page = await answering((_, response) => response.writeHead(status).end("<html>Welcome</html>"));
    const { code, message } = await refusal({ endpoint: `http://127.0.0.1:${page.port}`, region: "eu-west-1" });
    expect(code).toBe("INVALID_CONFIG");
    expect(message).toMatch(/neither SNS nor SQS; check the endpoint/);
  });

  test("to a gateway that says 503 with a page is UNAVAILABLE", async () => {
    using gateway = await answering((_, response) => response.writeHead(503).end("<html>Later</html>"));
    const { code } = await refusal({ endpoint: `http://127.0.0.1:${gateway.port}`, region: "eu-west-1" });
    expect(code).toBe("UNAVAILABLE");
  });

  test("by https to what speaks http is INVALID_CONFIG", async () => {
    using plain = await answering((_, response) => response.end());
    const { code, message } = await refusal({ endpoint: `https://127.0.0.1:${plain.port}`, region: "eu-west-1" });
    expect(code).toBe("INVALID_CONFIG");
    expect(message).toMatch(/TLS failed; check that the endpoint speaks it/);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "to what wants a client certificate, by %s, is INVALID_CONFIG and says so",
    async (version) => {
      // Read for each connection: a self-signed certificate is trusted.
      vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
      const server = createTlsServer({
        cert: CERTIFICATE,
        key: PRIVATE_KEY,
        ca: CERTIFICATE,
        requestCert: true,
        minVersion: version,
        maxVersion: version,
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const { port } = server.address() as AddressInfo;
      const { code, message } = await refusal({ endpoint: `https://127.0.0.1:${port}`, region: "eu-west-1" });
      server.closeAllConnections();
      server.close();
      expect(code).toBe("INVALID_CONFIG");
      expect(message).toMatch(/TLS failed; .* whether it wants a client certificate, which ready clients/);
    },
  );

  test("uses the credentials of the environment, also on a loopback address", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    const signed: string[] = [];
    using endpoint = await answering(({ headers }, response) => {
      signed.push(headers.authorization ?? "");
      response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
    });
    const pubsub = await connect(aws({ endpoint: `http://127.0.0.1:${endpoint.port}`, region: "eu-west-1" }));
    await pubsub.close();
    expect(signed).toEqual([expect.stringMatching(/Credential=AKIDENVIRONMENT\/\d+\/eu-west-1\/sqs/)]);
  });
});

const broker = await startBrokerOrSkip("aws", { provider: "embedded", implementation: "fauxqs" });
afterAll(() => broker?.close());

describe.skipIf(broker === undefined)("another account than the credentials' own", () => {
  const { url: endpoint } = broker as Broker;
  const region = "eu-west-1";
  const account = "111111111111";
  const says = /account is 111111111111, but the credentials belong to account 000000000000/;

  test("is INVALID_CONFIG at once when there is a queue to tell it", async () => {
    const { sqs, sns } = createTestClients(endpoint);
    await sqs.send(new CreateQueueCommand({ QueueName: "any" }));
    const error = await refusal({ region, endpoint, account });
    expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringMatching(says) });
    const pubsub = await connect(aws({ region, endpoint, account: "000000000000" }));
    await pubsub.close();
    sqs.destroy();
    sns.destroy();
  });

  test("is INVALID_CONFIG when a topic is made, where there was none", async () => {
    const before = (call: { name: string }): Promise<object | undefined> =>
      Promise.resolve(call.name === "ListQueues" ? {} : undefined);
    await using empty = await createSqsFront(endpoint, { before });
    const pubsub = await connect(aws({ region, endpoint: empty.url, account }));
    const topic = defineTopic<number>("of-another-account");
    await expect(pubsub.apply([topic])).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(says),
    });
    await pubsub.close();
  });
});
