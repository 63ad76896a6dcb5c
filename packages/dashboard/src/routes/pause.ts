import type { PauseAnswer } from "../api/pause-request.ts";
import { declaredSubscription, pathOf } from "../declared-subscription.ts";
import { HttpError } from "../http/http-error.ts";
import type { Route } from "../http/route.ts";
import { workersByPath } from "../topology/subscription-facts.ts";

/** Stops receiving, in the workers of this process. */
export const pauseRoute: Route = pausing("pause");

/** Receives again, in the workers of this process. */
export const resumeRoute: Route = pausing("resume");

function pausing(action: "pause" | "resume"): Route {
  return {
    method: "POST",
    path: action,
    needs: "pause",
    async run({ body, visitor }, context): Promise<PauseAnswer> {
      const subscription = declaredSubscription(context, subscriptionIn(body));
      const path = pathOf(subscription);
      const pubsub = await context.pubsub();
      const workers = workersByPath(pubsub).get(path)?.length ?? 0;
      if (workers === 0) {
        const message = `this process has no worker of ${path}: ${action} it in the process that has one`;
        throw new HttpError(409, "NO_WORKER", message);
      }
      await pubsub[action](subscription);
      context.logger.info({ user: visitor.user, action, subscription: path, workers }, `dashboard: ${action}`);
      await context.watch.statistics.refresh(subscription);
      return { workers };
    },
  };
}

function subscriptionIn(body: unknown): unknown {
  return typeof body === "object" && body !== null && "of" in body ? body.of : undefined;
}
