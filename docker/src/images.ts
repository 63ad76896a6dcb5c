import { readFileSync } from "node:fs";
import type { BrokerKind, StartBrokerOptions } from "./broker.ts";

/** A container image and the implementation in it. */
export interface BrokerImage {
  readonly name: string;
  readonly implementation: string;
}

/** `docker/images.json`: per kind the images by implementation, the one used by default first. */
export type BrokerImages = Readonly<Record<BrokerKind, Readonly<Record<string, string>>>>;

/** Also what `docker/compose.yaml` starts. Read at run time: the file lies beside `src` and `dist`. */
export function brokerImages(): BrokerImages {
  return JSON.parse(readFileSync(new URL("../images.json", import.meta.url), "utf8")) as BrokerImages;
}

/** `ANYTOPIC_NATS_IMAGE`, `ANYTOPIC_RABBITMQ_IMAGE`, `ANYTOPIC_REDIS_IMAGE`, `ANYTOPIC_AWS_IMAGE`, `ANYTOPIC_GCP_IMAGE`. */
export function imageVariable(kind: BrokerKind): string {
  return `ANYTOPIC_${kind.toUpperCase()}_IMAGE`;
}

/** The image to run, or `undefined` when there is none with the implementation asked for. */
export function chooseImage(kind: BrokerKind, options: StartBrokerOptions): BrokerImage | undefined {
  const known = brokerImages()[kind];
  const first = Object.keys(known)[0] as string;
  if (options.image !== undefined) {
    return {
      name: options.image,
      implementation: options.implementation ?? implementationOf(options.image, known, first),
    };
  }
  const fromEnvironment = process.env[imageVariable(kind)];
  if (fromEnvironment !== undefined && fromEnvironment !== "") {
    const implementation = implementationOf(fromEnvironment, known, first);
    if (options.implementation === undefined || options.implementation === implementation) {
      return { name: fromEnvironment, implementation };
    }
  }
  const implementation = options.implementation ?? first;
  const name = known[implementation];
  return name === undefined ? undefined : { name, implementation };
}

/** By name: `my.registry/team/moto:5` contains moto; any other name is taken to contain the kind's default. */
function implementationOf(image: string, known: Readonly<Record<string, string>>, first: string): string {
  return [...Object.keys(known), "fauxqs"].find((implementation) => image.includes(implementation)) ?? first;
}
