-- A pot that has ended is hidden as one that has not, where nobody answers for its owner: ending lifts that hold no more. Those that
-- ended before are held here; the worker lets each go for which somebody comes to answer.

insert into pots.holds (pot_id, reason, note, since)
select pot_id, 'consent', 'the owner is a minor, and no guardian''s consent stands', clock_timestamp()
from pots.pots
join people.users on user_id = owner_id
where stage in ('settled', 'cancelled')
  and birth_date + interval '18 years' > greatest(clock_timestamp(), opens_at)
  and not exists (select from minors.consents where minor_id = owner_id and consents.stage = 'given')
on conflict (pot_id, reason) where released_at is null do nothing;

-- What silence ends is looked for every hour.
create index consents_by_answer on minors.consents (answer_by) where answer_by is not null;
