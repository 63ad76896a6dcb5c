-- The archive: messages that were published, for as long as they are kept.

CREATE TABLE anytopic_archive (
  -- The order of appending, for messages with the same publish time.
  seq integer PRIMARY KEY,
  topic text NOT NULL,
  -- Unix ms.
  publish_ms integer NOT NULL,
  message_id text NOT NULL,
  -- SHA-256 of the whole message: two messages may have one id, because publishers choose ids.
  digest blob NOT NULL,
  -- A JSON string, and a JSON object of strings.
  ordering_key text,
  attributes text NOT NULL,
  body blob NOT NULL,
  UNIQUE (topic, publish_ms, message_id, digest)
);

INSERT INTO anytopic_migration (version) VALUES (4);
