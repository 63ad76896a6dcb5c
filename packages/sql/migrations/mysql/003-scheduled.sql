-- Messages that were published with a delay, until they are due.
-- Each statement of this file may run twice: the server commits after each one.

CREATE TABLE IF NOT EXISTS anytopic_scheduled (
  topic varchar(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message_id varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Unix ms, as all times here: when the message is due.
  due_ms bigint NOT NULL,
  -- When it can be claimed: when it is due, when its claim ends, or when a failed publish is tried again.
  next_ms bigint NOT NULL,
  -- Who publishes it now.
  claim varchar(64) CHARACTER SET ascii COLLATE ascii_bin,
  attempts integer NOT NULL DEFAULT 0,
  body longblob NOT NULL,
  -- A JSON object of strings.
  attributes longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  publish_ms bigint NOT NULL,
  PRIMARY KEY (topic, message_id),
  INDEX (topic, next_ms)
) ENGINE = InnoDB;

INSERT IGNORE INTO anytopic_migration (version, applied_at) VALUES (3, UTC_TIMESTAMP(3));
