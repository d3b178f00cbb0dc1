-- Payouts, and the orders given to Wave.

create table money.payouts (
    payout_id      uuid primary key,
    pot_id         uuid not null references pots.pots (pot_id),
    amount         bigint not null,
    stage          text not null default 'planned',
    -- The order that counts: zero until the first is given.
    order_number   integer not null default 0,
    wave_payout_id text,
    fee            bigint,
    refusal_code   text,
    planned_at     timestamptz not null,
    sent_at        timestamptz,
    ended_at       timestamptz,
    created_at     timestamptz not null default clock_timestamp(),

    constraint payouts_one_per_pot unique (pot_id),
    constraint payouts_one_per_wave_payout unique (wave_payout_id),
    constraint payouts_stage_is_known check (stage in ('planned', 'sent', 'unknown', 'refused', 'succeeded')),
    constraint payouts_amount_is_positive check (amount > 0),
    constraint payouts_fee_is_not_negative check (fee >= 0),
    constraint payouts_sent_means_ordered
        check ((stage = 'planned') = (order_number = 0) and (stage = 'planned') = (sent_at is null)),
    constraint payouts_success_is_proven
        check ((stage = 'succeeded') = (num_nonnulls(wave_payout_id, fee, ended_at) = 3)),
    constraint payouts_end_once check (stage = 'succeeded' or num_nonnulls(wave_payout_id, fee, ended_at) = 0),
    constraint payouts_refusal_has_a_code check ((stage = 'refused') = (refusal_code is not null))
);

create index payouts_by_age on money.payouts (planned_at desc, payout_id desc);

-- The intent: one row per instruction to pay, committed before the first byte of it leaves. The row outlives the
-- order's end, so that every key ever used at Wave can be looked up.
create table money.payout_orders (
    payout_id    uuid not null references money.payouts (payout_id),
    number       integer not null,
    -- Our idempotency key and reference at Wave.
    key          text not null,
    sent_at      timestamptz not null,
    outcome      text not null default 'open',
    refusal_code text,
    ended_at     timestamptz,
    created_at   timestamptz not null default clock_timestamp(),

    constraint payout_orders_in_sequence primary key (payout_id, number),
    constraint payout_orders_key_is_unique unique (key),
    constraint payout_orders_start_at_one check (number >= 1),
    constraint payout_orders_outcome_is_known check (outcome in ('open', 'unknown', 'refused', 'succeeded')),
    constraint payout_orders_refusal_has_a_code check ((outcome = 'refused') = (refusal_code is not null)),
    constraint payout_orders_end_at_an_instant
        check ((outcome in ('refused', 'succeeded')) = (ended_at is not null))
);

-- The rule that saves us from paying twice, once more where no code can forget it: an order begins only when all
-- orders before it were refused for good, so at most one order of a payout is not refused.
create unique index payout_orders_one_alive on money.payout_orders (payout_id) where outcome <> 'refused';

grant select, insert, update on money.payouts, money.payout_orders to wolo_worker;
grant select on money.payouts, money.payout_orders to wolo_api;
