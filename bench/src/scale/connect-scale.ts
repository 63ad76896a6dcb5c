import { aws } from "@anytopic/aws";
import { connect, type PubSub } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { memory } from "@anytopic/memory";
import { nats } from "@anytopic/nats";
import { rabbitmq } from "@anytopic/rabbitmq";
import { redis } from "@anytopic/redis";

/** Silent: thousands of lines about provisioning would be a part of what is measured. */
const logger = { debug(): void {}, info(): void {}, warn(): void {}, error(): void {} };

/** As an application connects, apart from the logger. */
export function connectScale(name: string, url: string): Promise<PubSub> {
  const options = { logger, closeTimeoutMs: 30_000 };
  switch (name) {
    case "memory":
      return connect(memory(), options);
    case "nats":
      return connect(nats({ servers: url }), options);
    case "rabbitmq":
      return connect(rabbitmq({ url }), options);
    case "redis":
      return connect(redis({ servers: url.replace("redis://", "") }), options);
    case "aws":
      return connect(
        aws({
          endpoint: url,
          region: "eu-central-1",
          credentials: { accessKeyId: "scale", secretAccessKey: "scale" },
        }),
        options,
      );
    case "gcp":
      return connect(gcp({ projectId: "scale", emulatorHost: url }), options);
    default:
      throw new TypeError(`no adapter ${name}: known are memory, nats, rabbitmq, redis, aws, gcp`);
  }
}
