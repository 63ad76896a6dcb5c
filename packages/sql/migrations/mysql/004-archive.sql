-- The archive: messages that were published, for as long as they are kept.
-- Each statement of this file may run twice: the server commits after each one.

CREATE TABLE IF NOT EXISTS anytopic_archive (
  topic varchar(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Unix ms.
  publish_ms bigint NOT NULL,
  message_id varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- SHA-256 of the whole message: two messages may have one id, because publishers choose ids.
  digest binary(32) NOT NULL,
  -- The order of appending, for messages with the same publish time.
  seq bigint NOT NULL AUTO_INCREMENT,
  -- A JSON string, and a JSON object of strings.
  ordering_key longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  attributes longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  body longblob NOT NULL,
  PRIMARY KEY (topic, publish_ms, message_id, digest),
  UNIQUE (seq)
) ENGINE = InnoDB;

INSERT IGNORE INTO anytopic_migration (version, applied_at) VALUES (4, UTC_TIMESTAMP(3));
