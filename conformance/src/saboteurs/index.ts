import { deadLettering } from "./dead-lettering.ts";
import { declaring } from "./declaring.ts";
import { delivering } from "./delivering.ts";
import { harming } from "./harming.ts";
import { operating } from "./operating.ts";
import { provisioning } from "./provisioning.ts";
import { publishing } from "./publishing.ts";
import type { Saboteur } from "./saboteur.ts";
import { settling } from "./settling.ts";

/** Adapters that are wrong in one way each. The suite must fail on every one of them. */
export const saboteurs: readonly Saboteur[] = Object.freeze([
  ...publishing,
  ...delivering,
  ...settling,
  ...deadLettering,
  ...operating,
  ...declaring,
  ...provisioning,
  ...harming,
]);
