-- What keeps two systems in step: what we must still tell, what we were told, and what we were asked.

-- Events that follow from a change, written in the change's own transaction. A relay in the worker carries them on
-- under a name derived from topic and key, so carrying one twice has one effect.
create table ops.outbox (
    outbox_id    uuid primary key,
    topic        text not null,
    business_key text not null,
    pot_id       uuid not null references pots.pots (pot_id),
    -- Ids and amounts; nobody's name.
    payload      jsonb not null,
    created_at   timestamptz not null default clock_timestamp(),
    relayed_at   timestamptz,

    constraint outbox_says_it_once unique (topic, business_key)
);

create index outbox_waiting on ops.outbox (created_at, outbox_id) where relayed_at is null;

grant select, insert, update on ops.outbox to wolo_worker;

-- What providers told us, raw as it came. It is stored before anything is done about it.
create table ops.webhook_inbox (
    provider    text not null,
    event_id    text not null,
    kind        text not null,
    -- Our own reference in it, where it has one (a donation's id).
    subject     text,
    raw         bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    handled_at  timestamptz,
    deliveries  integer not null default 1,

    constraint webhook_inbox_one_per_event primary key (provider, event_id),
    constraint webhook_inbox_is_bounded check (octet_length(raw) <= 1048576)
);

create index webhook_inbox_by_subject on ops.webhook_inbox (subject, kind);
create index webhook_inbox_waiting on ops.webhook_inbox (received_at, event_id) where handled_at is null;

-- What we were asked under a caller's own key, and what we answered.
create table ops.idempotency_keys (
    -- Whose key, and for what, so that two callers may choose the same one.
    scope        text not null,
    key          text not null,
    -- A hash of the request: the same key with another request is a mistake, not a repetition.
    fingerprint  bytea not null,
    -- The id of what is made. It is chosen before anything is made, so a retry after a crash makes the same thing.
    subject      text not null,
    claimed_at   timestamptz not null default clock_timestamp(),
    status       smallint,
    content_type text,
    response     bytea,
    finished_at  timestamptz,

    constraint idempotency_keys_claimed_once primary key (scope, key),
    constraint idempotency_keys_are_bounded
        check (key <> '' and char_length(key) <= 255 and char_length(scope) <= 255),
    constraint idempotency_keys_status_is_http check (status between 100 and 599),
    constraint idempotency_keys_answer_is_whole
        check (num_nonnulls(status, content_type, response, finished_at) in (0, 4))
);

create index idempotency_keys_by_age on ops.idempotency_keys (claimed_at);

-- The API hears and answers. It may take a key back when a request was refused before anything began.
grant select, insert, update on ops.webhook_inbox to wolo_api, wolo_worker;
grant select, insert, update, delete on ops.idempotency_keys to wolo_api;
grant select, delete on ops.idempotency_keys to wolo_worker;
