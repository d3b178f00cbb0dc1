-- Row level security: the API sees what its caller may see, and nothing while it has not said who that is.
--
-- The grants of the earlier files say which columns a role may ever read; the policies here say which rows. What the
-- API knows about its caller stands in `request.jwt.claims`, set for one transaction, as hosted Postgres platforms
-- have it:
--
--   role      visitor, user, wave (the provider's webhook), or an administrator's role
--   sub       the caller's user id, where there is one
--   link      the secret part of a pot's link, where the caller has it
--   pot, donation   an id that the caller has named
--   keys      whose idempotency keys are meant
--
-- A function in a policy is asked once for a statement and not once for a row when it stands in a select of its own.

create function ops.claim(name text) returns text
    language sql
    stable
    parallel safe
    as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name $$;

create function ops.asker() returns uuid
    language sql
    stable
    parallel safe
    as $$ select ops.claim('sub')::uuid $$;

-- Those who work here. What each of them may do is decided before the database is asked; that a row may be shown to
-- one of them is decided here.
create function ops.asker_is_staff() returns boolean
    language sql
    stable
    parallel safe
    as $$ select coalesce(ops.claim('role') in ('support', 'reviewer', 'finance', 'superadmin'), false) $$;

revoke execute on function ops.claim(text), ops.asker(), ops.asker_is_staff() from public;
grant execute on function ops.claim(text), ops.asker(), ops.asker_is_staff() to wolo_api, wolo_worker;

-- The worker acts for everybody, and the owner's connection is the operator's: both see every row. They are named one by
-- one, so that a role made later sees nothing until somebody thinks about it.
do $$
declare
    guarded regclass;
begin
    foreach guarded in array array[
        'people.users', 'pots.pots', 'pots.holds', 'money.donations', 'ops.outbox', 'ops.webhook_inbox',
        'ops.idempotency_keys'
    ]::regclass[] loop
        execute format('alter table %s enable row level security', guarded);
        execute format('alter table %s force row level security', guarded);
        execute format('create policy worker_acts_for_all on %s to wolo_worker using (true) with check (true)', guarded);
        execute format('create policy operator_sees_all on %s to current_user using (true) with check (true)', guarded);
    end loop;
end
$$;

create policy people_see_themselves on people.users for select to wolo_api
    using (user_id = (select ops.asker()) or (select ops.asker_is_staff()));

-- A private pot exists for its owner alone. One with a link exists for whoever has the link, or was given its id to
-- give to it.
create policy pots_are_seen_by_their_visibility on pots.pots for select to wolo_api
    using (
        visibility = 'public'
        or owner_id = (select ops.asker())
        or (visibility = 'link' and (slug = (select ops.claim('link')) or pot_id = (select ops.claim('pot')::uuid)))
        or (select ops.asker_is_staff())
    );

create policy holds_are_seen_with_their_pot on pots.holds for select to wolo_api
    using (pot_id in (select pots.pot_id from pots.pots));

-- A gift's id cannot be guessed, so who names it was given it. Wave's webhook names gifts as well.
create policy donations_are_seen_by_who_has_to_do_with_them on money.donations for select to wolo_api
    using (
        donation_id = (select ops.claim('donation')::uuid)
        or donor_user_id = (select ops.asker())
        or pot_id in (select pots.pot_id from pots.pots where pots.owner_id = (select ops.asker()))
        or (select ops.asker_is_staff())
    );

create policy wave_fills_the_inbox on ops.webhook_inbox to wolo_api
    using ((select ops.claim('role')) = 'wave')
    with check ((select ops.claim('role')) = 'wave');

-- How often Wave told of a failed attempt is shown with the gift.
create policy events_are_counted_with_their_gift on ops.webhook_inbox for select to wolo_api
    using (subject = 'don_' || replace((select ops.claim('donation')), '-', ''));

create policy keys_are_their_askers on ops.idempotency_keys to wolo_api
    using (scope = (select ops.claim('keys')))
    with check (scope = (select ops.claim('keys')));

-- A key that was claimed is answered; nobody takes one back.
revoke delete on ops.idempotency_keys from wolo_api;
