import type { ConnectingKit } from "./current-kit.ts";
import { interceptElsewhere } from "./intercepting.ts";
import { SharedPubSub } from "./shared-pub-sub.ts";

/** The connections that were opened where no test runs. */
const shared: SharedPubSub[] = [];

/** From now on a connection that is opened where no test runs stands for one of the test that runs. */
export function shareConnections(): void {
  interceptElsewhere((target, options) => {
    const opened = new SharedPubSub(target, options);
    shared.push(opened);
    return opened.pubsub;
  });
}

/** Opens all of them in one test. */
export async function openSharedIn(kit: ConnectingKit): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- in the order in which the application has opened them
  for (const each of shared) await each.openIn(kit);
}
