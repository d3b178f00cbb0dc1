-- The audit trail: who of those who work here did what, and why, in a chain of sealed lines for each day.
--
-- Whoever does something notes it in the outbox, in the same transaction. Only `wolo_auditor` writes the trail: a role that nobody
-- logs in as, and that a worker puts on for this and nothing else. Membership alone gives it nothing, because it does not inherit.

do $$
begin
    -- Roles belong to the whole cluster, and databases of one cluster may be migrated at the same moment.
    for tries in 1..50 loop
        begin
            if not exists (select from pg_roles where rolname = 'wolo_auditor') then
                create role wolo_auditor nologin nosuperuser nocreatedb nocreaterole;
            end if;
            if (select rolinherit from pg_roles where rolname = 'wolo_worker') then
                alter role wolo_worker noinherit;
            end if;
            if not exists (
                select from pg_auth_members
                where roleid = 'wolo_auditor'::regrole and member = 'wolo_worker'::regrole
            ) then
                grant wolo_auditor to wolo_worker;
            end if;
            exit;
        exception
            -- Somebody else has just done it, or was doing it at the same time.
            when duplicate_object or unique_violation or internal_error then perform pg_sleep(0.02);
        end;
    end loop;
    if not pg_has_role('wolo_worker', 'wolo_auditor', 'member') then
        raise exception 'wolo_worker could not be made a member of wolo_auditor';
    end if;
end
$$;

create schema audit;
grant usage on schema audit to wolo_auditor;

create table audit.entries (
    day      date not null,
    number   integer not null,
    -- What is sealed, as domain/src/audit has it.
    line     text not null,
    seal     bytea not null,
    -- SHA-256 of all that was sealed up to here.
    hash     bytea not null,
    key_id   text not null,

    -- What one looks for, read from what is sealed.
    entry_id uuid not null generated always as ((line::jsonb ->> 'id')::uuid) stored,
    by_whom  text not null generated always as (line::jsonb ->> 'by') stored,
    about    text not null generated always as (line::jsonb ->> 'about') stored,

    constraint entries_follow_one_another primary key (day, number),
    constraint entries_are_numbered check (number > 0),
    constraint entries_once_for_what_was_done unique (entry_id),
    constraint entries_are_sealed check (octet_length(seal) = 64 and octet_length(hash) = 32)
);

create index entries_about_something on audit.entries (about, day desc, number desc);
create index entries_of_somebody on audit.entries (by_whom, day desc, number desc);

-- How far the trail reached at some hour, as one sealed line of text. Those that matter are kept elsewhere.
create table audit.checkpoints (
    at         timestamptz not null,
    day        date not null,
    number     integer not null,
    checkpoint text not null,

    constraint checkpoints_once_for_an_end primary key (day, number)
);

create function audit.refuse_rewriting() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'the audit trail is append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'the_trail_is_append_only';
    end
    $$;

create trigger the_trail_is_append_only
    before update or delete or truncate on audit.entries
    for each statement execute function audit.refuse_rewriting();
create trigger the_trail_is_append_only
    before update or delete or truncate on audit.checkpoints
    for each statement execute function audit.refuse_rewriting();

-- Nothing personal stands here. The API sees nothing of it, and the operator all.
grant select, insert on audit.entries, audit.checkpoints to wolo_auditor;

-- What the API writes into the outbox is sealed and for people; what was done, and what is late, it has no word in.
drop policy messages_are_written_for_people on ops.outbox;
create policy messages_are_written_for_people on ops.outbox for insert to wolo_api
    with check (
        pot_id is null and topic in ('letter', 'invitation') and sealed is not null
        and (select ops.claim('role')) is not null
    );
