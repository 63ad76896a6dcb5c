import type { Screen } from "./screen.ts";

/** Where a visitor begins, and whoever asks for a screen that is not there. */
export const home: Screen = {
  path: "/",
  title: "Topology",
  load: async () => (await import("./topology/topology.tsx")).Topology,
};

/** In the order of the menu. */
export const SCREENS: readonly Screen[] = [
  home,
  {
    path: "/subscriptions",
    title: "Subscriptions",
    load: async () => (await import("./subscriptions/subscriptions.tsx")).Subscriptions,
  },
  {
    path: "/subscription",
    title: "Subscription",
    hidden: true,
    load: async () => (await import("./subscription/subscription.tsx")).Subscription,
  },
  {
    path: "/letters",
    title: "Dead letters",
    load: async () => (await import("./letters/letters-screen.tsx")).LettersView,
  },
  { path: "/live", title: "Live", load: async () => (await import("./live/live.tsx")).Live },
  {
    path: "/message",
    title: "Message",
    hidden: true,
    load: async () => (await import("./message/message.tsx")).Message,
  },
  { path: "/publish", title: "Publish", load: async () => (await import("./publish/publish.tsx")).Publish },
  { path: "/tail", title: "Tail", load: async () => (await import("./tail/tail.tsx")).TailScreen },
  { path: "/search", title: "Search", load: async () => (await import("./search/search.tsx")).Search },
  { path: "/cost", title: "Cost", load: async () => (await import("./cost/cost.tsx")).Cost },
  {
    path: "/connections",
    title: "Connections",
    load: async () => (await import("./connections/connections.tsx")).ConnectionsView,
  },
];
