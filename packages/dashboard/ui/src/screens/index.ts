import { connectionsScreen } from "./connections/connections.tsx";
import { lettersScreen } from "./letters/letters-screen.tsx";
import { liveScreen } from "./live/live.tsx";
import { messageScreen } from "./message/message.tsx";
import { publishScreen } from "./publish/publish.tsx";
import { searchScreen } from "./search/search.tsx";
import { tailScreen } from "./tail/tail.tsx";
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
  lettersScreen,
  liveScreen,
  messageScreen,
  publishScreen,
  tailScreen,
  searchScreen,
  costScreen,
  connectionsScreen,
];
