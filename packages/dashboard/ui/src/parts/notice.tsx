import type { ComponentChildren, JSX } from "preact";

/** A message to the visitor. An `"error"` is read aloud at once, the others when there is time. */
export function Notice({
  kind,
  children,
}: {
  readonly kind: "error" | "warning" | "done";
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <p class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </p>
  );
}
