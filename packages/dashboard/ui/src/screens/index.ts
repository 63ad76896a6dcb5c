import { lettersScreen } from "./letters/letters-screen.tsx";
import type { Screen } from "./screen.ts";

/** In the order of the menu. */
export const SCREENS: readonly Screen[] = [lettersScreen];
