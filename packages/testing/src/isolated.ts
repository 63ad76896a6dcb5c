/**
 * For applications that hold one global connection: `import "@anytopic/testing/isolated"` before the application is imported, best in a
 * setup file. From then on `connect` contacts nobody: what it returns stands for a connection of the test that runs.
 */
import { shareConnections } from "./isolation/shared-pub-subs.ts";

shareConnections();

export { isolated } from "./isolation/isolated.ts";
