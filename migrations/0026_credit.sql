-- Points that somebody turns into credit for a pot: booked against promotions, and given back when the pot is given up.

alter table money.ledger_transactions drop constraint ledger_transactions_kind_is_known;
alter table money.ledger_transactions add constraint ledger_transactions_kind_is_known check (kind in (
    'donation', 'late_donation', 'odd_donation', 'donation_fee', 'refund_owed', 'refund', 'payout', 'payout_fee',
    'unmatched_receipt', 'unmatched_spending', 'suspense_cleared', 'credit', 'credit_returned'
));

-- Points that became credit, once each. What somebody has used is the sum of these rows, less those that were returned.
create table sponsorship.conversions (
    conversion_id uuid not null,
    user_id       uuid not null references people.users (user_id),
    points        integer not null,
    pot_id        uuid not null references pots.pots (pot_id),
    -- Whole francs. What points buy may change; what these have bought stays.
    credit        bigint not null,
    -- By the process's time, as everything that happens to a pot.
    at            timestamptz not null,
    created_at    timestamptz not null default clock_timestamp(),

    constraint conversions_made_once primary key (conversion_id),
    constraint conversions_use_points check (points > 0),
    constraint conversions_buy_something check (credit > 0)
);

create index conversions_of_a_user on sponsorship.conversions (user_id);
create index conversions_for_a_pot on sponsorship.conversions (pot_id);

-- The pot was given up: the credit has gone back to promotions, and the points to whoever had used them.
create table sponsorship.conversions_returned (
    conversion_id uuid not null references sponsorship.conversions (conversion_id),
    at            timestamptz not null default clock_timestamp(),

    constraint conversions_returned_once primary key (conversion_id)
);

create trigger points_are_append_only
    before update or delete or truncate on sponsorship.conversions
    for each statement execute function sponsorship.refuse_rewriting_points();
create trigger points_are_append_only
    before update or delete or truncate on sponsorship.conversions_returned
    for each statement execute function sponsorship.refuse_rewriting_points();

do $$
declare
    guarded regclass;
begin
    foreach guarded in array array['sponsorship.conversions', 'sponsorship.conversions_returned']::regclass[] loop
        execute format('alter table %s enable row level security', guarded);
        execute format('alter table %s force row level security', guarded);
        execute format('create policy worker_acts_for_all on %s to wolo_worker using (true) with check (true)', guarded);
        execute format('create policy operator_sees_all on %s to current_user using (true) with check (true)', guarded);
    end loop;
end
$$;

grant select, insert (conversion_id, user_id, points, pot_id, credit, at) on sponsorship.conversions to wolo_worker;
grant select, insert (conversion_id) on sponsorship.conversions_returned to wolo_worker;

create policy people_see_what_they_used on sponsorship.conversions for select to wolo_api
    using (user_id = (select ops.asker()) or (select ops.asker_is_staff()));
create policy returns_are_seen_with_their_conversion on sponsorship.conversions_returned for select to wolo_api
    using (conversion_id in (select conversion_id from sponsorship.conversions));
grant select on sponsorship.conversions, sponsorship.conversions_returned to wolo_api;
