import type { ConnectOptions, PubSub } from "@anytopic/core";
import { type ConnectInterceptor, interceptConnect } from "@anytopic/core/intercept";
import { currentKit } from "./current-kit.ts";
import { isOutsideOfTests } from "./outside-of-tests.ts";

/** What `connect` returns where no test runs; `undefined` for the real thing. */
type Elsewhere = (target: unknown, options: ConnectOptions) => PubSub;

let elsewhere: Elsewhere | undefined;
let isIntercepting = false;

/** From now on `connect` leads to the broker of the test in whose `run` it is called. */
export function interceptInTests(): void {
  if (isIntercepting) return;
  isIntercepting = true;
  const before = interceptConnect(undefined);
  const interceptor: ConnectInterceptor = (target, options) => {
    if (isOutsideOfTests()) return undefined;
    const kit = currentKit.getStore();
    if (kit !== undefined) return kit.connect(target, options);
    return elsewhere === undefined ? before?.(target, options) : Promise.resolve(elsewhere(target, options));
  };
  interceptConnect(interceptor);
}

/** What `connect` returns from now on where no test runs. */
export function interceptElsewhere(connect: Elsewhere): void {
  elsewhere = connect;
  interceptInTests();
}
