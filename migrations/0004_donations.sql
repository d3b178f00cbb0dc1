-- Gifts, from request to end.

create table money.donations (
    donation_id         uuid primary key,
    pot_id              uuid not null references pots.pots (pot_id),
    amount              bigint not null,
    stage               text not null default 'requested',

    -- Who gives, as far as they say.
    donor_user_id       uuid references people.users (user_id),
    donor_name          text,
    donor_phone         text,
    message             text,
    anonymous           boolean not null,

    -- The page at Wave; its times are Wave's.
    checkout_id         text,
    wave_launch_url     text,
    checkout_opened_at  timestamptz,
    checkout_expires_at timestamptz,
    -- Why Wave would not make the page at all.
    refusal_code        text,

    -- The proof of payment, as Wave gave it. The amount and the currency are what was paid, not what was asked.
    wave_transaction_id text,
    paid_amount         bigint,
    paid_currency       text,
    paid_at             timestamptz,

    -- Wave's part of the gift, once its statement has told; zero is an answer, null is none yet.
    fee                 bigint,

    failed_attempts     integer not null default 0,
    -- A gift lives minutes and decides nothing by the time of day, so its instants are this database's own.
    requested_at        timestamptz not null default clock_timestamp(),
    ended_at            timestamptz,
    -- The intent to refund, written before Wave is asked.
    refund_sent_at      timestamptz,

    constraint donations_stage_is_known
        check (stage in ('requested', 'confirmed', 'expired', 'refund_due', 'refunded', 'suspended')),
    constraint donations_amount_is_positive check (amount > 0),
    constraint donations_message_is_bounded check (char_length(message) <= 500),
    constraint donations_donor_name_is_bounded check (char_length(donor_name) <= 200),
    constraint donations_one_per_checkout unique (checkout_id),
    constraint donations_one_per_payment unique (wave_transaction_id),
    constraint donations_checkout_is_whole
        check (num_nonnulls(checkout_id, wave_launch_url, checkout_opened_at, checkout_expires_at) in (0, 4)),
    constraint donations_failed_attempts_are_counted check (failed_attempts >= 0),

    -- A stage has what it needs, and nothing that contradicts it.
    constraint donations_paid_means_proven check (
        num_nonnulls(wave_transaction_id, paid_amount, paid_currency, paid_at)
            = case when stage in ('requested', 'expired') then 0 else 4 end
    ),
    constraint donations_ended_at_an_instant
        check ((ended_at is null) = (stage in ('requested', 'refund_due'))),
    constraint donations_confirmed_as_asked
        check (stage not in ('confirmed', 'refund_due', 'refunded') or (paid_amount = amount and paid_currency = 'XOF')),
    constraint donations_refunded_after_intent check (stage <> 'refunded' or refund_sent_at is not null),
    -- Only a gift that is in its pot has a fee to bear, and the fee never exceeds it: no pot goes below zero.
    constraint donations_fee_within_the_gift
        check (fee is null or (stage = 'confirmed' and fee between 0 and paid_amount)),
    constraint donations_refused_means_expired check (refusal_code is null or stage = 'expired')
);

-- What a pot still waits for before it can be paid out.
create index donations_waiting on money.donations (pot_id, donation_id) where stage = 'requested';
create index donations_without_fee on money.donations (pot_id) where stage = 'confirmed' and fee is null;
-- A pot's gifts, newest first.
create index donations_of_a_pot on money.donations (pot_id, requested_at desc, donation_id desc);

grant select, insert, update on money.donations to wolo_worker;

-- The pages show gifts; nobody is called from a page, so the giver's phone is not readable there.
grant select (
    donation_id, pot_id, amount, stage, donor_user_id, donor_name, message, anonymous, checkout_id, wave_launch_url,
    checkout_opened_at, checkout_expires_at, refusal_code, wave_transaction_id, paid_amount, paid_currency, paid_at,
    fee, failed_attempts, requested_at, ended_at, refund_sent_at
) on money.donations to wolo_api;
