-- The inbox: which messages a subscription has handled, and which a handler has claimed.

CREATE TABLE anytopic_inbox (
  -- topic/subscription
  subscription text NOT NULL,
  message_id text NOT NULL,
  -- Identifies the claim.
  token text NOT NULL,
  -- Null when the message was handled.
  lease_until timestamptz,
  -- When the row may be deleted.
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (subscription, message_id)
) WITH (
  -- Rows are deleted in the order of their age: what is dead goes by numbers, not by a share of a large table.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 10000
);

CREATE INDEX ON anytopic_inbox (expires_at);

INSERT INTO anytopic_migration (version) VALUES (2);
