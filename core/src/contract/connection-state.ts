/** `"degraded"`: it works, but the broker has announced trouble (blocked, lame duck). `"down"`: nothing works, or it was closed. */
export type ConnectionState = "up" | "reconnecting" | "degraded" | "down";
