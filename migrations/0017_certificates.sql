-- Certificates: what a settled pot took in and where it went, sealed, to be handed out as it was written.

create table money.certificates (
    pot_id       uuid not null references pots.pots (pot_id),
    -- The bytes that people get. What is in them stands in the ledger, too; that they are these very bytes is the point.
    document     text not null,
    -- SHA-256 of the document.
    digest       bytea not null,
    lines        bigint not null,
    -- Under which the key is published that sealed it.
    key_id       text not null,
    certified_at timestamptz not null default clock_timestamp(),

    constraint certificates_one_per_pot primary key (pot_id),
    constraint certificates_digest_is_of_the_document check (digest = sha256(convert_to(document, 'UTF8'))),
    constraint certificates_have_an_opening_and_a_closing check (lines >= 2)
);

-- Half of it is signatures, which nothing makes smaller.
alter table money.certificates alter column document set storage external;

create function money.refuse_another_certificate() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'a certificate stands as it was written: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'certificates_are_append_only';
    end
    $$;

create trigger certificates_are_append_only
    before update or delete or truncate on money.certificates
    for each statement execute function money.refuse_another_certificate();

-- A pot does not settle without its certificate. Looked at when the change is committed, so that the two may be written in
-- either order.
create function pots.refuse_settling_without_certificate() returns trigger
    language plpgsql
    as $$
    begin
        if not exists (select from money.certificates where pot_id = new.pot_id) then
            raise exception 'pot % has settled without a certificate', new.pot_id
                using errcode = 'check_violation',
                      schema = 'pots', table = 'pots', constraint = 'pots_settle_with_a_certificate';
        end if;
        return null;
    end
    $$;

create constraint trigger pots_settle_with_a_certificate
    after update of stage on pots.pots
    deferrable initially deferred
    for each row when (new.stage = 'settled' and old.stage <> 'settled')
    execute function pots.refuse_settling_without_certificate();

-- Who sees a pot sees its certificate. It holds nothing personal, but it tells what was given.
alter table money.certificates enable row level security;
alter table money.certificates force row level security;
create policy worker_acts_for_all on money.certificates to wolo_worker using (true) with check (true);
create policy operator_sees_all on money.certificates to current_user using (true) with check (true);
create policy certificates_are_seen_with_their_pot on money.certificates for select to wolo_api
    using (pot_id in (select pots.pot_id from pots.pots));

grant select on money.certificates to wolo_worker, wolo_api;
grant insert (pot_id, document, digest, lines, key_id) on money.certificates to wolo_worker;
