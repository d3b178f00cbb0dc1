-- Wave's statement beside our books: what was compared, what does not fit, and what stops payouts.

-- Money that matches nothing of ours is booked too, so that our account at Wave is as full as the wallet.
alter table money.ledger_transactions drop constraint ledger_transactions_kind_is_known;
alter table money.ledger_transactions add constraint ledger_transactions_kind_is_known check (kind in (
    'donation', 'late_donation', 'odd_donation', 'donation_fee', 'refund_owed', 'refund', 'payout', 'payout_fee',
    'unmatched_receipt', 'unmatched_spending', 'suspense_cleared'
));

-- What we have seen of the statement: each line once, with what it came to. No name and no number of anybody's.
create table money.statement_lines (
    wave_transaction_id text primary key,
    -- On whose page it stood.
    day           date not null,
    kind          text not null,
    -- By Wave's clock.
    at            timestamptz not null,
    amount        bigint not null,
    fee           bigint,
    verdict       text not null,
    -- The movement of ours that this line alone is about, such as payout/pay_…
    claim         text,
    first_seen_at timestamptz not null default clock_timestamp(),

    constraint statement_lines_one_per_movement unique (claim),
    constraint statement_lines_verdict_is_known check (verdict in ('matched', 'repair', 'under_way', 'odd'))
);

create table money.discrepancies (
    discrepancy_id uuid primary key,
    kind           text not null,
    -- The line, or the thing of ours, that does not fit; with the kind it is found once.
    key            text not null,
    -- Whose comparison found it.
    day            date not null,
    -- In words, without anybody's name.
    reason         text not null,
    owner          text not null default 'finance',
    -- What is known of it: amounts, times, Wave's own ids and ours.
    facts          jsonb not null,
    -- What stands in the suspense account for it. It has to leave that account before the discrepancy is resolved.
    suspense       bigint not null default 0,
    first_seen_at  timestamptz not null default clock_timestamp(),
    last_seen_at   timestamptz not null default clock_timestamp(),
    resolved_at    timestamptz,
    -- Who resolved it; the comparison itself, where that found it no longer.
    resolved_by    text,
    resolution     text,

    constraint discrepancies_found_once unique (kind, key),
    constraint discrepancies_kind_is_known check (kind in (
        'unmatched', 'second_payment', 'odd_gift', 'gift_not_settled', 'names_disagree', 'amount_differs', 'fee_differs',
        'fee_missing', 'refund_by_hand', 'refund_not_booked', 'payout_not_booked', 'payout_contradicted', 'paid_twice',
        'payout_reversed', 'missing_at_wave', 'other_currency', 'unreadable'
    )),
    constraint discrepancies_owner_is_known check (owner = 'finance'),
    constraint discrepancies_have_a_reason check (reason <> ''),
    constraint discrepancies_resolution_is_whole
        check (num_nonnulls(resolved_at, resolved_by, resolution) in (0, 3) and resolution <> '')
);

create index discrepancies_open on money.discrepancies (first_seen_at desc, discrepancy_id desc) where resolved_at is null;
create index discrepancies_by_age on money.discrepancies (first_seen_at desc, discrepancy_id desc);
create index discrepancies_of_a_key on money.discrepancies (key);

-- Each comparison of a day, and what it came to.
create table money.reconciliations (
    -- The run of the process that compared.
    run          text primary key,
    day          date not null,
    -- Whether the day was over, so that what was missing could be told.
    whole        boolean not null,
    started_at   timestamptz not null,
    ended_at     timestamptz not null default clock_timestamp(),
    lines        bigint not null,
    matched      bigint not null,
    repaired     bigint not null,
    fees_booked  bigint not null,
    opened       bigint not null,
    closed       bigint not null
);

create index reconciliations_of_a_day on money.reconciliations (day desc, ended_at desc, run desc);

-- While one of these stands, no order to pay leaves. It is lifted by a person.
create table money.halts (
    halt_id     uuid primary key,
    reason      text not null,
    since       timestamptz not null default clock_timestamp(),
    lifted_at   timestamptz,
    lifted_by   text,
    lift_reason text,

    constraint halts_have_a_reason check (reason <> ''),
    constraint halts_lifting_is_whole
        check (num_nonnulls(lifted_at, lifted_by, lift_reason) in (0, 3) and lift_reason <> '')
);

-- One is enough: a second reason is found when the first is lifted.
create unique index halts_one_at_a_time on money.halts ((true)) where lifted_at is null;

-- What was paid on a day, and what was given back, for the comparison in the other direction.
create index donations_by_payment on money.donations (paid_at) where paid_at is not null;
create index donations_by_refund on money.donations (ended_at) where stage = 'refunded';

grant select, insert, update on
    money.statement_lines, money.discrepancies, money.reconciliations, money.halts to wolo_worker;

-- Those who work here may read of them; nobody else is shown what is strange about anybody's money.
grant select on money.discrepancies to wolo_api;
alter table money.discrepancies enable row level security;
alter table money.discrepancies force row level security;
create policy worker_acts_for_all on money.discrepancies to wolo_worker using (true) with check (true);
create policy operator_sees_all on money.discrepancies to current_user using (true) with check (true);
create policy staff_see_discrepancies on money.discrepancies for select to wolo_api
    using ((select ops.asker_is_staff()));

-- Gifts that were paid otherwise than asked have stood in suspense without an owner until now.
insert into money.discrepancies (discrepancy_id, kind, key, day, reason, facts, suspense)
select gen_random_uuid(),
       'odd_gift',
       'don_' || replace(donation_id::text, '-', ''),
       (paid_at at time zone 'Africa/Dakar')::date,
       'what was paid is not what the gift was asked for',
       jsonb_build_object('gift', 'don_' || replace(donation_id::text, '-', ''), 'paid', paid_amount, 'asked', amount),
       paid_amount
from money.donations
where stage = 'suspended';
