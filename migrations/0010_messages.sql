-- The outbox carries messages to people too: a one-time code, a warning. Such an event is about a person, or about nobody
-- who has an account yet, and not about a pot.

alter table ops.outbox
    alter column pot_id drop not null,
    add column user_id uuid references people.users (user_id),
    -- What only its receiver may read, with the address it goes to; encrypted, and gone when it has been carried on.
    add column sealed bytea,
    add constraint outbox_sealed_until_carried check (sealed is null or relayed_at is null);

-- Signing in writes messages; it does not read them.
grant insert (outbox_id, topic, business_key, user_id, payload, sealed) on ops.outbox to wolo_api;

create policy messages_are_written_for_people on ops.outbox for insert to wolo_api
    with check (pot_id is null and (select ops.claim('role')) is not null);
