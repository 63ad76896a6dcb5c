// In pixels.
export const NODE_HEIGHT = 42;
export const ROW = 54;
export const TOP = 30;
export const GAP_OF_TOPICS = 14;
