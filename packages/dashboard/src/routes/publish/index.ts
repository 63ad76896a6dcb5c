import type { Route } from "../../http/route.ts";
import { publishCheckRoute } from "./publish-check.ts";
import { publishRoute } from "./publish.ts";
import { topicRoute } from "./topic.ts";
import { topicsRoute } from "./topics.ts";

export const PUBLISH_ROUTES: readonly Route[] = [topicsRoute, topicRoute, publishRoute, publishCheckRoute];
