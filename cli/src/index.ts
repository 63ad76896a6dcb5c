export * from "@anytopic/core";
