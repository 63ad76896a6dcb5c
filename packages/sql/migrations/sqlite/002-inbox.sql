-- The inbox: which messages a subscription has handled, and which a handler has claimed. Times are Unix ms.

CREATE TABLE anytopic_inbox (
  -- topic/subscription
  subscription text NOT NULL,
  message_id text NOT NULL,
  -- Identifies the claim.
  token text NOT NULL,
  -- Null when the message was handled.
  lease_until integer,
  -- When the row may be deleted.
  expires_at integer NOT NULL,
  PRIMARY KEY (subscription, message_id)
) WITHOUT ROWID;

CREATE INDEX anytopic_inbox_expires_at ON anytopic_inbox (expires_at);

INSERT INTO anytopic_migration (version) VALUES (2);
