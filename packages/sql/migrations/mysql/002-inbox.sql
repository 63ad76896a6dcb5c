-- The inbox: which messages a subscription has handled, and which a handler has claimed. Times are UTC.
-- Each statement of this file may run twice: the server commits after each one.

CREATE TABLE IF NOT EXISTS anytopic_inbox (
  -- topic/subscription. Bytes, as for the id: a character column would ignore spaces at the end.
  subscription varbinary(255) NOT NULL,
  message_id varbinary(128) NOT NULL,
  -- Identifies the claim.
  token varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Null when the message was handled.
  lease_until datetime(6),
  -- When the row may be deleted.
  expires_at datetime(6) NOT NULL,
  PRIMARY KEY (subscription, message_id),
  INDEX (expires_at)
) ENGINE = InnoDB;

INSERT IGNORE INTO anytopic_migration (version, applied_at) VALUES (2, UTC_TIMESTAMP(3));
