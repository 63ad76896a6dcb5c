import { connectionsScreen } from "./connections/connections.tsx";
import { costScreen } from "./cost/cost.tsx";
import type { Screen } from "./screen.ts";
import { subscriptionScreen } from "./subscription/subscription.tsx";
import { subscriptionsScreen } from "./subscriptions/subscriptions.tsx";
import { topologyScreen } from "./topology/topology.tsx";

/** In the order of the menu. */
export const SCREENS: readonly Screen[] = [
  topologyScreen,
  subscriptionsScreen,
  subscriptionScreen,
  costScreen,
  connectionsScreen,
];
