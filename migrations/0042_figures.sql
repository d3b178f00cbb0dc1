-- Figures for the business: what they say is read from the books at the moment of asking. Nothing is counted up anywhere, so each can
-- be recomputed, and those about money are the ledger's own francs.
--
-- One more role reads them in the API: `figures`, for whoever works here and comes for sums. It sees rows of everybody in what the
-- views below are made of.

create schema analytics;
grant usage on schema analytics to wolo_worker, wolo_api;

-- What visitors do on our pages, as the pages tell it. Nobody is in it: neither who they are nor where they came from.
create table analytics.events (
    -- Chosen by the page, so that what is told twice counts once.
    event_id    uuid primary key,
    kind        text not null,
    -- By the visitor's clock, as far as that can be believed.
    at          timestamptz not null,
    -- A pot that this visitor could see. It is not held against the pots: a look at a pot that everybody looks at must not touch its row.
    pot_id      uuid,
    -- Where they were, and by which way something was shared.
    page        text,
    way         text,
    received_at timestamptz not null default clock_timestamp(),

    constraint events_kind_is_known check (kind in (
        'page_viewed', 'share_opened', 'shared', 'link_copied', 'qr_shown', 'give_pressed', 'join_pressed'
    )),
    constraint events_page_is_known check (page in ('home', 'pot', 'give', 'thanks', 'invitation', 'profile')),
    constraint events_way_is_known check (way in ('whatsapp', 'sms', 'email', 'other'))
);

create index events_by_time on analytics.events (at);
create index events_of_a_pot on analytics.events (pot_id) where pot_id is not null;

create function analytics.refuse_rewriting_events() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'what was told is not changed: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'events_are_append_only';
    end
    $$;

create trigger events_are_append_only
    before update or truncate on analytics.events
    for each statement execute function analytics.refuse_rewriting_events();

alter table analytics.events enable row level security;
alter table analytics.events force row level security;
create policy worker_acts_for_all on analytics.events to wolo_worker using (true) with check (true);
create policy operator_sees_all on analytics.events to current_user using (true) with check (true);
create policy pages_tell on analytics.events for insert to wolo_api
    with check ((select ops.claim('role')) is not null);
create policy figures_are_read on analytics.events for select to wolo_api
    using ((select ops.claim('role')) = 'figures');

-- What had its time goes.
grant select, delete on analytics.events to wolo_worker;
grant select, insert (event_id, kind, at, pot_id, page, way) on analytics.events to wolo_api;

-- Whoever comes for sums sees all that is summed.
do $$
declare
    summed regclass;
begin
    foreach summed in array array[
        'people.users', 'pots.pots', 'pots.holds', 'money.donations', 'notices.notices', 'notices.attempts',
        'notices.receipts', 'sponsorship.invitations', 'minors.cases'
    ]::regclass[] loop
        execute format(
            'create policy figures_are_read on %s for select to wolo_api using ((select ops.claim(''role'')) = ''figures'')',
            summed
        );
    end loop;
end
$$;

-- Whoever takes figures away is written down, in their own name. Of what was done here the API has this one word.
create policy exports_are_noted on ops.outbox for insert to wolo_api
    with check (
        topic = 'audit' and pot_id is null and user_id is null and sealed is null
        and (select ops.claim('role')) = 'figures'
        and payload #>> '{happening,action}' = 'figures_exported'
        and payload ->> 'by' = 'usr_' || replace((select ops.asker())::text, '-', '')
    );

-- Money is summed by the day in Dakar on which it was posted.
create index ledger_transactions_by_day on money.ledger_transactions (((posted_at at time zone 'Africa/Dakar')::date));

-- One view for each figure: a row for each day in Dakar on which there is something, whole numbers that may be added up over days, and
-- `day` besides. Where a figure is told apart by something, that stands in `way`.

create view analytics.registered with (security_invoker = true) as
    select (created_at at time zone 'Africa/Dakar')::date as day,
           count(*) as people,
           count(*) filter (where exists (
               select from sponsorship.invitations where invitee_id = users.user_id
           )) as by_invitation
    from people.users
    group by 1;
comment on view analytics.registered is
    'People with an account, by the day on which it was made; by_invitation: of these, those who accepted an invitation. Unit: people. Source: people.users, sponsorship.invitations. Erased people stay counted.';

create view analytics.activated with (security_invoker = true) as
    with deeds as (
        select donor_user_id as user_id, paid_at as at
        from money.donations where paid_at is not null and donor_user_id is not null
        union all
        select owner_id, paid_at
        from money.donations join pots.pots using (pot_id) where paid_at is not null
        union all
        select sponsor_id, created_at from sponsorship.invitations
    ), firsts as (
        select user_id, min(at) as at from deeds group by user_id
    )
    select (at at time zone 'Africa/Dakar')::date as day, count(*) as people
    from firsts
    group by 1;
comment on view analytics.activated is
    'People with an account, by the day on which WOLO first did something for them: they gave, were given to, or invited somebody. Unit: people. Source: money.donations, pots.pots, sponsorship.invitations.';

create view analytics.k_factor with (security_invoker = true) as
    select (created_at at time zone 'Africa/Dakar')::date as day,
           count(*) as people,
           coalesce(sum(written), 0)::bigint as invitations,
           coalesce(sum(accepted), 0)::bigint as accepted
    from people.users
    left join lateral (
        select count(*) as written, count(accepted_at) as accepted
        from sponsorship.invitations where sponsor_id = users.user_id
    ) brought on true
    group by 1;
comment on view analytics.k_factor is
    'How many others each person brings: people by the day on which they registered, and the invitations that they have written since and that were accepted. K is accepted / people; young days are still growing. Unit: people, invitations. Source: people.users, sponsorship.invitations.';

create view analytics.invitation_funnel with (security_invoker = true) as
    with passed as (
        select (invitations.created_at at time zone 'Africa/Dakar')::date as day,
               invitations.accepted_at, ended_as, standing.stage as message,
               coalesce(opened_at, accepted_at) is not null or ended_as = 'declined' as was_opened,
               coalesce(pot_opened_at, first_gift_at) is not null as has_pot,
               first_gift_at is not null as has_gift
        from sponsorship.invitations
        left join notices.standing using (notice_id)
    )
    select day,
           count(*) as written,
           count(*) filter (where message in ('accepted', 'delivered', 'read') or was_opened) as sent,
           count(*) filter (where message in ('delivered', 'read') or was_opened) as delivered,
           count(*) filter (where was_opened) as opened,
           count(accepted_at) as accepted,
           count(*) filter (where has_pot) as pot_opened,
           count(*) filter (where has_gift) as first_gift,
           count(*) filter (where ended_as = 'declined') as declined,
           count(*) filter (where ended_as = 'lapsed') as lapsed,
           count(*) filter (where ended_as = 'cancelled') as cancelled
    from passed
    group by day;
comment on view analytics.invitation_funnel is
    'Invitations by the day on which they were written, each counted at every step that it has passed since, as its sponsor sees it. Unit: invitations. Source: sponsorship.invitations, notices.standing.';

create view analytics.pots_by_state with (security_invoker = true) as
    select (created_at at time zone 'Africa/Dakar')::date as day,
           count(*) as made,
           count(*) filter (where stage = 'scheduled') as scheduled,
           count(*) filter (where stage = 'open') as open,
           count(*) filter (where stage = 'closed') as closed,
           count(*) filter (where stage = 'paying_out') as paying_out,
           count(*) filter (where stage = 'settled') as settled,
           count(*) filter (where stage = 'cancelling') as cancelling,
           count(*) filter (where stage = 'cancelled') as cancelled,
           count(*) filter (where exists (
               select from pots.holds where holds.pot_id = pots.pot_id and released_at is null
           )) as held
    from pots.pots
    group by 1;
comment on view analytics.pots_by_state is
    'Pots by the day on which they were made, and where these stand now; held: of these, those that wait for something, whatever their state. Over all days it is how many pots stand where. Unit: pots. Source: pots.pots, pots.holds.';

create view analytics.gifts with (security_invoker = true) as
    select (posted_at at time zone 'Africa/Dakar')::date as day,
           count(*) as gifts,
           sum(amount)::bigint as francs
    from money.ledger_transactions
    join money.ledger_entries using (transaction_id)
    where kind = 'donation' and amount > 0
    group by 1;
comment on view analytics.gifts is
    'Gifts that arrived in their pots, by the day on which they were posted, before fees and whatever became of them later (see refunds). Unit: gifts, francs. Source: the ledger, kind donation.';

create view analytics.conversion with (security_invoker = true) as
    select (opened_at at time zone 'Africa/Dakar')::date as day,
           count(*) as opened,
           count(*) filter (where exists (
               select from money.ledger_entries entry join money.ledger_transactions using (transaction_id)
               where entry.pot_id = pots.pot_id and kind = 'donation'
           )) as given_to,
           count(*) filter (where exists (
               select from money.payouts where payouts.pot_id = pots.pot_id and payouts.stage = 'succeeded'
           )) as paid_out
    from pots.pots
    where opened_at is not null
    group by 1;
comment on view analytics.conversion is
    'Pots by the day on which they opened (by their process''s time), and how many of these have had a gift and were paid out since. Unit: pots. Source: pots.pots, the ledger, money.payouts.';

create view analytics.payouts with (security_invoker = true) as
    select (posted_at at time zone 'Africa/Dakar')::date as day,
           count(*) as payouts,
           sum(amount)::bigint as francs
    from money.ledger_transactions
    join money.ledger_entries using (transaction_id)
    where kind = 'payout' and amount > 0
    group by 1;
comment on view analytics.payouts is
    'Payouts that arrived, by the day on which they were posted. Unit: payouts, francs. Source: the ledger, kind payout.';

create view analytics.fees with (security_invoker = true) as
    select (posted_at at time zone 'Africa/Dakar')::date as day,
           coalesce(-sum(amount) filter (where kind = 'donation_fee' and pot_id is not null), 0)::bigint as pots_bore,
           coalesce(-sum(amount) filter (where kind = 'donation_fee' and account = 'suspense'), 0)::bigint
               as suspense_bore,
           coalesce(-sum(amount) filter (where kind = 'donation_fee' and account = 'fees'), 0)::bigint as wolo_bore,
           coalesce(-sum(amount) filter (where kind = 'payout_fee'), 0)::bigint as of_payouts
    from money.ledger_transactions
    join money.ledger_entries using (transaction_id)
    where kind in ('donation_fee', 'payout_fee') and amount < 0
    group by 1;
comment on view analytics.fees is
    'What Wave kept, by the day on which it was posted: of gifts, by who bore it (the pot, money in suspense, WOLO), and of payouts, which WOLO bears. Unit: francs. Source: the ledger, kinds donation_fee and payout_fee.';

create view analytics.refunds with (security_invoker = true) as
    select (posted_at at time zone 'Africa/Dakar')::date as day,
           count(*) filter (where kind = 'late_donation') as late_gifts,
           coalesce(sum(amount) filter (where kind = 'late_donation'), 0)::bigint as late_francs,
           count(*) filter (where kind = 'refund_owed') as given_up_gifts,
           coalesce(sum(amount) filter (where kind = 'refund_owed'), 0)::bigint as given_up_francs,
           count(*) filter (where kind = 'refund') as refunds,
           coalesce(sum(amount) filter (where kind = 'refund'), 0)::bigint as francs
    from money.ledger_transactions
    join money.ledger_entries using (transaction_id)
    where kind in ('late_donation', 'refund_owed', 'refund') and amount > 0
    group by 1;
comment on view analytics.refunds is
    'Gifts that go back, by the day on which it was posted: owed because they came too late or because their pot was given up (without the fee that the pot had borne), and those that went back. Unit: gifts, francs. Source: the ledger, kinds late_donation, refund_owed and refund.';

create view analytics.promotions with (security_invoker = true) as
    select (posted_at at time zone 'Africa/Dakar')::date as day,
           count(*) filter (where kind = 'credit') as credits,
           coalesce(sum(amount) filter (where kind = 'credit'), 0)::bigint as francs,
           coalesce(sum(amount) filter (where kind = 'credit_returned'), 0)::bigint as returned_francs
    from money.ledger_transactions
    join money.ledger_entries using (transaction_id)
    where kind in ('credit', 'credit_returned') and amount > 0
    group by 1;
comment on view analytics.promotions is
    'Points that became credit in a pot, by the day on which it was posted, and credit that came back from pots that were given up. Unit: credits, francs. Source: the ledger, kinds credit and credit_returned.';

create view analytics.suspense with (security_invoker = true) as
    select (posted_at at time zone 'Africa/Dakar')::date as day,
           coalesce(sum(amount) filter (where kind = 'odd_donation'), 0)::bigint as odd_gifts,
           coalesce(sum(amount) filter (where kind = 'unmatched_receipt'), 0)::bigint as received,
           coalesce(sum(amount) filter (where kind = 'unmatched_spending'), 0)::bigint as spent,
           coalesce(sum(amount) filter (where kind = 'suspense_cleared' and account = 'fees'), 0)::bigint as kept,
           coalesce(sum(amount) filter (where kind = 'suspense_cleared' and account = 'suspense'), 0)::bigint as borne
    from money.ledger_transactions
    join money.ledger_entries using (transaction_id)
    where kind in ('odd_donation', 'unmatched_receipt', 'unmatched_spending', 'suspense_cleared') and amount > 0
    group by 1;
comment on view analytics.suspense is
    'Money that matched nothing, by the day on which it was posted: gifts that were not paid as asked, what came in and what went out at Wave, and what finance decided that WOLO keeps or bears. Unit: francs. Source: the ledger, kinds odd_donation, unmatched_receipt, unmatched_spending and suspense_cleared.';

create view analytics.messages with (security_invoker = true) as
    select (sent_at at time zone 'Africa/Dakar')::date as day,
           channel as way,
           count(*) as tried,
           count(*) filter (where state = 'accepted') as accepted,
           count(*) filter (where furthest >= 3) as delivered,
           count(*) filter (where furthest = 4) as read,
           count(*) filter (where state = 'refused' or furthest = 2) as failed
    from notices.attempts
    left join lateral (
        select max(array_position(array['sent', 'failed', 'delivered', 'read'], fate)) as furthest
        from notices.receipts
        where receipts.notice_id = attempts.notice_id and receipts.number = attempts.number
    ) told on true
    group by 1, 2;
comment on view analytics.messages is
    'Tries to hand a message over, by the day and the channel, and how far each has come since: taken by its carrier, delivered, read, or failed there. Unit: tries. Source: notices.attempts, notices.receipts.';

create view analytics.identity_turnaround with (security_invoker = true) as
    select (decided_at at time zone 'Africa/Dakar')::date as day,
           count(*) as decided,
           count(*) filter (where stage = 'approved') as approved,
           count(*) filter (where stage = 'rejected') as rejected,
           count(*) filter (where decided_at <= submitted_at + interval '48 hours') as within_two_days,
           coalesce(sum(extract(epoch from decided_at - submitted_at)), 0)::bigint as seconds
    from minors.cases
    where decided_at is not null and submitted_at is not null
    group by 1;
comment on view analytics.identity_turnaround is
    'Identity cases by the day on which they were decided, and the time from when their documents were last submitted to that. A case that ended without documents is not counted. Unit: cases, seconds. Source: minors.cases.';

create view analytics.visits with (security_invoker = true) as
    select (at at time zone 'Africa/Dakar')::date as day,
           count(*) filter (where kind = 'page_viewed') as page_viewed,
           count(*) filter (where kind = 'share_opened') as share_opened,
           count(*) filter (where kind = 'shared') as shared,
           count(*) filter (where kind = 'link_copied') as link_copied,
           count(*) filter (where kind = 'qr_shown') as qr_shown,
           count(*) filter (where kind = 'give_pressed') as give_pressed,
           count(*) filter (where kind = 'join_pressed') as join_pressed
    from analytics.events
    group by 1;
comment on view analytics.visits is
    'What visitors did on our pages, as the pages tell it, by the day. Anybody can tell, so these are no books. Unit: events. Source: analytics.events, which are kept for two years.';

-- All figures in one shape, for whoever reads several. `measures` has the columns of the figure's own view but for `day` and `way`.
create view analytics.figures with (security_invoker = true) as
    select 'registered' as figure, day, null::text as way, to_jsonb(f) - 'day' as measures from analytics.registered f
    union all select 'activated', day, null, to_jsonb(f) - 'day' from analytics.activated f
    union all select 'k_factor', day, null, to_jsonb(f) - 'day' from analytics.k_factor f
    union all select 'invitation_funnel', day, null, to_jsonb(f) - 'day' from analytics.invitation_funnel f
    union all select 'pots_by_state', day, null, to_jsonb(f) - 'day' from analytics.pots_by_state f
    union all select 'gifts', day, null, to_jsonb(f) - 'day' from analytics.gifts f
    union all select 'conversion', day, null, to_jsonb(f) - 'day' from analytics.conversion f
    union all select 'payouts', day, null, to_jsonb(f) - 'day' from analytics.payouts f
    union all select 'fees', day, null, to_jsonb(f) - 'day' from analytics.fees f
    union all select 'refunds', day, null, to_jsonb(f) - 'day' from analytics.refunds f
    union all select 'promotions', day, null, to_jsonb(f) - 'day' from analytics.promotions f
    union all select 'suspense', day, null, to_jsonb(f) - 'day' from analytics.suspense f
    union all select 'messages', day, way, to_jsonb(f) - 'day' - 'way' from analytics.messages f
    union all select 'identity_turnaround', day, null, to_jsonb(f) - 'day' from analytics.identity_turnaround f
    union all select 'visits', day, null, to_jsonb(f) - 'day' from analytics.visits f;
comment on view analytics.figures is
    'Every figure, a row for each of its days. Units and sources stand with the view that has the figure''s name.';

grant select on
    analytics.registered, analytics.activated, analytics.k_factor, analytics.invitation_funnel, analytics.pots_by_state,
    analytics.gifts, analytics.conversion, analytics.payouts, analytics.fees, analytics.refunds, analytics.promotions,
    analytics.suspense, analytics.messages, analytics.identity_turnaround, analytics.visits, analytics.figures
    to wolo_worker, wolo_api;
