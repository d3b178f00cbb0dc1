-- Pots and their holds.

-- The part of a pot's link that nobody can guess: 128 bits. A random uuid carries 122, so two are hashed into 16
-- bytes. Written in the alphabet of addresses, without padding: 22 characters.
create function pots.new_slug() returns text
    language sql
    volatile
    as $$
        select rtrim(
            translate(
                encode(
                    substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 16),
                    'base64'
                ),
                '+/', '-_'
            ),
            '='
        )
    $$;

create table pots.pots (
    pot_id              uuid primary key,
    owner_id            uuid not null references people.users (user_id),
    slug                text not null default pots.new_slug(),
    stage               text not null default 'scheduled',

    -- What the owner chose.
    title               text not null,
    description         text not null,
    target              bigint not null,
    visibility          text not null,
    show_donor_names    boolean not null,
    show_amounts        boolean not null,
    allow_anonymous     boolean not null,
    allow_messages      boolean not null,
    surprise            boolean not null,

    -- What was planned when the pot was made.
    birthday            date not null,
    opens_at            timestamptz not null,
    closes_at           timestamptz not null,

    -- What happened, by the process's time. In rehearsals that time is moved; on an ordinary day it is the time.
    opened_at           timestamptz,
    closed_at           timestamptz,
    settled_at          timestamptz,
    cancelled_at        timestamptz,

    -- When the closing was written, by this database's own clock. Wave's time of a payment is compared with this
    -- one, never with the process's: both are real clocks, whatever the process believes.
    closing_recorded_at timestamptz,

    created_at          timestamptz not null default clock_timestamp(),

    constraint pots_slug_is_unique unique (slug),
    constraint pots_stage_is_known
        check (stage in ('scheduled', 'open', 'closed', 'paying_out', 'settled', 'cancelled')),
    constraint pots_visibility_is_known check (visibility in ('private', 'link', 'public')),
    constraint pots_have_a_title check (title <> '' and char_length(title) <= 200),
    constraint pots_description_is_bounded check (char_length(description) <= 5000),
    constraint pots_target_is_positive check (target > 0),
    constraint pots_open_before_they_close check (opens_at <= closes_at),

    -- A stage has what it needs.
    constraint pots_open_since_an_instant check (stage <> 'open' or opened_at is not null),
    constraint pots_closed_at_an_instant check (
        stage not in ('closed', 'paying_out', 'settled')
        or (opened_at is not null and closed_at is not null and closing_recorded_at is not null)
    ),
    constraint pots_settled_at_an_instant check ((stage = 'settled') = (settled_at is not null)),
    constraint pots_cancelled_at_an_instant check ((stage = 'cancelled') = (cancelled_at is not null))
);

-- One pot per person per year, whatever is retried, imported or swept.
create unique index pots_one_per_birthday on pots.pots (owner_id, extract(year from birthday));

-- The public list, newest first.
create index pots_listed on pots.pots (opened_at desc, pot_id desc) where stage = 'open' and visibility = 'public';

-- The operator's list.
create index pots_by_age on pots.pots (created_at desc, pot_id desc);

-- Holds are history: a released hold stays, so that one can tell afterwards why a pot stood still.
create table pots.holds (
    pot_id      uuid not null references pots.pots (pot_id),
    reason      text not null,
    -- In words, for the operator.
    note        text not null,
    since       timestamptz not null,
    released_at timestamptz,

    -- A hold that is asked for again, even after its release, is the same hold.
    constraint holds_asked_once primary key (pot_id, reason, since),
    constraint holds_reason_is_known
        check (reason in ('consent', 'moderation', 'float', 'payout_unknown', 'payout_refused')),
    constraint holds_end_after_they_begin check (released_at >= since)
);

create unique index holds_one_open_per_reason on pots.holds (pot_id, reason) where released_at is null;

grant select, insert, update on pots.pots, pots.holds to wolo_worker;
grant select on pots.pots, pots.holds to wolo_api;
revoke execute on function pots.new_slug() from public;
grant execute on function pots.new_slug() to wolo_worker;
