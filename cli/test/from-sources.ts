// The program as bin/anytopic.js starts it, from the sources: no test runs against a stale dist/.
import { main } from "../src/main.ts";

await main();
