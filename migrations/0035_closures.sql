-- Closing an account, and erasing whom it was of. What each column is, how long it is kept and what erasing does to it stands in
-- `database/data-map.csv`, which a test holds against the schema.

-- An account that is being closed is locked, so whatever refuses a locked one refuses it: signing in, sessions, the sweep, points.
-- One that is erased is nobody's, and says so in one way only; no query takes it for somebody.
alter table people.users
    -- By the process's time.
    add column closing_at timestamptz,
    add column erased_at  timestamptz,
    add constraint users_closing_are_locked check (closing_at is null or locked_at is not null),
    add constraint users_erased_were_closed check (erased_at is null or closing_at is not null),
    add constraint users_erased_are_nobody check (
        erased_at is null
        or (
            name = '—' and birth_date = '0001-01-01' and language = 'fr' and locked_why = 'erased'
            and phone is null and email is null
        )
    );

create index users_closing on people.users (closing_at) where closing_at is not null and erased_at is null;

-- Who was erased stays so.
create function people.refuse_bringing_back() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'whoever was erased stays erased'
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'users_erased_once';
    end
    $$;

create trigger users_erased_once
    before update on people.users
    for each row when (
        old.erased_at is not null
        and (new.erased_at, new.name, new.birth_date, new.phone, new.email)
            is distinct from (old.erased_at, old.name, old.birth_date, old.phone, old.email)
    )
    execute function people.refuse_bringing_back();

alter table people.sessions
    drop constraint sessions_end_is_known,
    add constraint sessions_end_is_known check (ended_why in (
        'signed_out', 'password_changed', 'token_reused', 'locked', 'role_changed', 'account_closed'
    ));

alter table sponsorship.award_steps drop constraint award_steps_have_their_reason;
alter table sponsorship.award_steps add constraint award_steps_have_their_reason check (
    (stage = 'matured' and reason in ('time', 'pot_settled'))
    or (stage = 'revoked' and reason in (
        'gift_refunded', 'pot_cancelled', 'by_hand', 'account_closed',
        'oneself', 'cycle', 'same_phone', 'same_payout_number', 'under_review', 'no_phone'
    ))
);

-- What cannot be rewritten holds words about people, too. Those of whoever was erased may be replaced by nothing, and nothing else of
-- it may: what was given, to whom and when stays as it is.
create function people.is_erased(who uuid) returns boolean
    language sql
    stable
    as $$ select exists (select from people.users where user_id = who and erased_at is not null) $$;

revoke execute on function people.is_erased(uuid) from public;
grant execute on function people.is_erased(uuid) to wolo_worker;

create function sponsorship.refuse_rewriting_but_erasing() returns trigger
    language plpgsql
    as $$
    declare
        holder uuid;
        erased jsonb := to_jsonb(old);
    begin
        if tg_table_name = 'awards' then
            holder := old.user_id;
            erased := erased || '{"name": "—"}';
        else
            select user_id into holder from sponsorship.awards where award_id = old.award_id;
            erased := erased || '{"note": "—"}';
        end if;
        if people.is_erased(holder) and to_jsonb(new) = erased then
            return new;
        end if;
        raise exception 'points are append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'points_are_append_only';
    end
    $$;

do $$
declare
    kept regclass;
begin
    foreach kept in array array['sponsorship.awards', 'sponsorship.award_steps']::regclass[] loop
        execute format('drop trigger points_are_append_only on %s', kept);
        execute format(
            'create trigger points_are_append_only before delete or truncate on %s
                 for each statement execute function sponsorship.refuse_rewriting_points()',
            kept
        );
        execute format(
            'create trigger points_are_append_only_but_for_names before update on %s
                 for each row execute function sponsorship.refuse_rewriting_but_erasing()',
            kept
        );
    end loop;
end
$$;

-- That a birth date was corrected stays in the audit trail; the days themselves go with their person.
create function people.refuse_forgetting_birth_dates() returns trigger
    language plpgsql
    as $$
    begin
        if people.is_erased(old.user_id) then
            return old;
        end if;
        raise exception 'changes of birth dates are append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'birth_date_changes_are_append_only';
    end
    $$;

drop trigger birth_date_changes_are_append_only on people.birth_date_changes;
create trigger birth_date_changes_are_append_only
    before update or truncate on people.birth_date_changes
    for each statement execute function people.refuse_rewriting_birth_dates();
create trigger birth_date_changes_go_with_their_person
    before delete on people.birth_date_changes
    for each row execute function people.refuse_forgetting_birth_dates();

create policy worker_acts_for_all on people.birth_date_changes to wolo_worker using (true) with check (true);
create policy people_see_how_they_were_corrected on people.birth_date_changes for select to wolo_api
    using (user_id = (select ops.asker()));
grant select (user_id, was, becomes, changed_at) on people.birth_date_changes to wolo_api;

-- The worker closes and erases. It reads no more of these than whose they are.
grant update (ended_at, ended_why), select (user_id) on people.sessions to wolo_worker;
grant update (revoked_at, revoked_by, reason) on people.roles to wolo_worker;
grant delete, select (user_id) on people.passwords, people.second_factors, people.recovery_codes, people.identities,
                                  people.birth_date_changes to wolo_worker;
grant delete on people.preferences to wolo_worker;
grant select (user_id, phone, email) on people.codes to wolo_worker;
grant select (phone, email) on people.registrations to wolo_worker;
grant update (phone) on money.payout_recipients to wolo_worker;
grant update (name) on sponsorship.awards to wolo_worker;
grant update (note) on sponsorship.award_steps to wolo_worker;
grant delete on notices.devices, notices.opt_outs, notices.conversations, notices.heard to wolo_worker;

-- What erasing looks for by a phone or an address.
create index donations_of_a_donor on money.donations (donor_user_id) where donor_user_id is not null;
create index donations_by_phone on money.donations (donor_phone) where donor_phone is not null;
create index invitations_by_contact on sponsorship.invitations ((coalesce(phone, lower(email))));
create index registrations_by_contact on people.registrations ((coalesce(phone, lower(email))));
create index notices_by_mail on notices.notices (lower(mail_to)) where mail_to is not null;
create index heard_by_age on notices.heard (heard_at);
create index webhook_inbox_by_handling on ops.webhook_inbox (handled_at) where handled_at is not null;

-- People see what the export of their data tells them.
create policy people_see_who_they_are_elsewhere on people.identities for select to wolo_api
    using (user_id = (select ops.asker()));
create policy people_see_what_they_stopped on notices.opt_outs for select to wolo_api
    using (address in (
        select unnest(array[users.phone, users.email]) from people.users where users.user_id = (select ops.asker())
    ));
create policy people_see_when_they_wrote on notices.conversations for select to wolo_api
    using (address in (select users.phone from people.users where users.user_id = (select ops.asker())));
