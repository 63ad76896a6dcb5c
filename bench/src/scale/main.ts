import { watchTimers } from "./watch-timers.ts";

watchTimers();
const { runScale } = await import("./run-scale.ts");
await runScale(process.argv.slice(2));
process.exit(0);
