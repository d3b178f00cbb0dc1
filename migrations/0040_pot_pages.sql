-- What a pot's page shows: the gifts that have arrived in it, with their wishes, and whose birthday it is.
--
-- The API names a pot in `shown` once it has decided that its caller may see it. That the pot exists for this caller is looked at
-- here again, and so is that nothing hides it from everybody but its owner: a minor's pot without consent shows nothing.

create function pots.shown() returns uuid
    language sql
    stable
    parallel safe
    as $$
        select pot_id
        from pots.pots
        where pot_id = (select ops.claim('shown')::uuid)
          and (
              owner_id = (select ops.asker())
              or not exists (
                  select from pots.holds
                  where holds.pot_id = pots.pot_id and released_at is null and reason in ('consent', 'moderation')
              )
          )
    $$;

revoke execute on function pots.shown() from public;
grant execute on function pots.shown() to wolo_api;

create policy gifts_are_shown_with_their_pot on money.donations for select to wolo_api
    using (stage = 'confirmed' and pot_id = (select pots.shown()));

create policy owners_are_named_with_their_pot on people.users for select to wolo_api
    using (user_id = (select owner_id from pots.pots where pot_id = (select pots.shown())));

-- Wishes, newest first.
create index donations_with_wishes on money.donations (pot_id, requested_at desc)
    where stage = 'confirmed' and message is not null;
