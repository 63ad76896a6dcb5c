import type { Route } from "../../http/route.ts";
import { letterCheckRoute } from "./check.ts";
import { letterCountRoute } from "./count.ts";
import { letterExportRoute } from "./export.ts";
import { letterJobsRoute, letterPurgeRoute, letterRedriveRoute, letterStopRoute } from "./jobs.ts";
import { letterBodyRoute, letterRoute } from "./letter.ts";
import { letterListRoute } from "./list.ts";
import { lettersRoute } from "./overview.ts";

export const LETTER_ROUTES: readonly Route[] = [
  lettersRoute,
  letterListRoute,
  letterRoute,
  letterBodyRoute,
  letterCheckRoute,
  letterCountRoute,
  letterJobsRoute,
  letterRedriveRoute,
  letterPurgeRoute,
  letterStopRoute,
  letterExportRoute,
];
