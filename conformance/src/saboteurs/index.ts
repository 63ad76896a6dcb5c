import { concealing } from "./concealing.ts";
import { deadLettering } from "./dead-lettering.ts";
import { declaring } from "./declaring.ts";
import { delivering } from "./delivering.ts";
import { disconnecting } from "./disconnecting.ts";
import { expiring } from "./expiring.ts";
import { filtering } from "./filtering.ts";
import { harming } from "./harming.ts";
import { operating } from "./operating.ts";
import { provisioning } from "./provisioning.ts";
import { publishing } from "./publishing.ts";
import { receiving } from "./receiving.ts";
import { replaying } from "./replaying.ts";
import type { Saboteur } from "./saboteur.ts";
import { scheduling } from "./scheduling.ts";
import { settling } from "./settling.ts";
import { wrapping } from "./wrapping.ts";

/** Adapters that are wrong in one way each. The suite must fail on every one of them, made from the memory adapter. */
export const saboteurs: readonly Saboteur[] = Object.freeze([
  ...publishing,
  ...delivering,
  ...receiving,
  ...settling,
  ...deadLettering,
  ...scheduling,
  ...operating,
  ...declaring,
  ...provisioning,
  ...harming,
  ...expiring,
  ...filtering,
  ...replaying,
]);

/** The same for what memory cannot show: made from an adapter of a broker outside this process. The NATS adapter's tests prove them. */
export const brokerSaboteurs: readonly Saboteur[] = Object.freeze([...disconnecting, ...concealing, ...wrapping]);
