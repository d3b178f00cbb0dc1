-- The language of an answer that was kept under a key, because whoever repeats the answer has to name it. Answers that
-- were kept before this say nothing of theirs.

alter table ops.idempotency_keys
    add column language text,
    add constraint idempotency_keys_language_is_a_tag check (language ~ '^[a-z]{2}$');
