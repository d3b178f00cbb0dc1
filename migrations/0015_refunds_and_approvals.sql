-- Giving back what is in a pot that is given up, and what a payout needs besides money.

-- A pot that is given up keeps this stage until the last of its gifts has gone back.
alter table pots.pots
    drop constraint pots_stage_is_known,
    add constraint pots_stage_is_known check (
        stage in ('scheduled', 'open', 'closed', 'paying_out', 'settled', 'cancelling', 'cancelled')
    ),
    -- By the process's time.
    add column cancelling_at timestamptz,
    add constraint pots_cancelling_since_an_instant check (stage <> 'cancelling' or cancelling_at is not null);

alter table pots.holds
    drop constraint holds_reason_is_known,
    add constraint holds_reason_is_known check (reason in (
        'consent', 'moderation', 'float', 'payout_unknown', 'payout_refused', 'recipient', 'approval'
    ));

-- A gift that leaves its pot takes along the fee that the pot has borne: what goes back is told from both.
alter table money.donations
    drop constraint donations_fee_within_the_gift,
    add constraint donations_fee_within_the_gift check (
        fee is null or (stage in ('confirmed', 'refund_due', 'refunded') and fee between 0 and paid_amount)
    ),
    -- Why Wave did not give the gift back, the last time that it was asked.
    add column refund_refusal_code text,
    add constraint donations_refund_refused_while_due check (refund_refusal_code is null or stage = 'refund_due');

-- What must go back, and what must leave a pot that is given up.
create index donations_going_back on money.donations (pot_id, donation_id) where stage in ('confirmed', 'refund_due');
create index donations_due_by_age on money.donations (requested_at desc, donation_id desc)
    where stage in ('refund_due', 'refunded');

alter table money.ledger_transactions
    drop constraint ledger_transactions_kind_is_known,
    add constraint ledger_transactions_kind_is_known check (kind in (
        'donation', 'late_donation', 'odd_donation', 'donation_fee', 'refund_owed', 'refund', 'payout', 'payout_fee'
    ));

-- How many people must approve a payout is decided with its amount, and stays.
alter table money.payouts
    add column approvals_needed integer not null default 0,
    add constraint payouts_approvals_are_counted check (approvals_needed >= 0);

create table money.payout_approvals (
    payout_id   uuid not null references money.payouts (payout_id),
    user_id     uuid not null references people.users (user_id),
    reason      text not null,
    approved_at timestamptz not null,

    -- Two approvals are two people.
    constraint payout_approvals_one_per_person primary key (payout_id, user_id),
    constraint payout_approvals_say_why check (reason <> '' and char_length(reason) <= 500)
);

create index payout_approvals_of_a_person on money.payout_approvals (user_id);

grant select, insert on money.payout_approvals to wolo_worker;
-- Who approves must be trusted with it at that moment.
grant select on people.roles to wolo_worker;
grant select (refund_refusal_code) on money.donations to wolo_api;
