-- What an order to pay is tied to before it leaves, and how one ends whose end Wave never told.

-- `begun` counts the calls of an order that Wave may have executed. A call that was proven not to have been executed takes
-- its beginning back, and the next one is a first call again, at its own time.
alter table money.payout_orders
    drop constraint payout_orders_begun_at_least_once,
    add constraint payout_orders_begun_is_counted check (begun >= 0),
    -- By the clock of the database: since when Wave may have executed it.
    add column begun_at timestamptz not null default clock_timestamp();

update money.payout_orders set begun_at = created_at;

-- Checks and approvals are for one phone. Another phone of the same recipient begins another clearance, for which nothing of what
-- was said about the one before counts. The number stands here, for the worker alone: in no history, and not where the API reads.
create table money.payout_recipients (
    payout_id  uuid not null references money.payouts (payout_id),
    clearance  integer not null,
    -- None: there was nowhere to pay to.
    phone      text,
    created_at timestamptz not null default clock_timestamp(),

    constraint payout_recipients_in_sequence primary key (payout_id, clearance),
    constraint payout_recipients_start_at_one check (clearance >= 1)
);

insert into money.payout_recipients (payout_id, clearance, phone)
select payout_id, 1, users.phone
from money.payouts
join pots.pots using (pot_id)
join people.users on users.user_id = pots.owner_id;

-- An order goes to one phone, however often it is sent: with another one it would be another order of the same key.
alter table money.payout_orders
    add column clearance integer not null default 1,
    add constraint payout_orders_go_to_a_recipient
        foreign key (payout_id, clearance) references money.payout_recipients (payout_id, clearance);

alter table money.payout_approvals
    add column clearance integer not null default 1,
    drop constraint payout_approvals_one_per_person,
    add constraint payout_approvals_one_per_person primary key (payout_id, clearance, user_id),
    add constraint payout_approvals_of_a_recipient
        foreign key (payout_id, clearance) references money.payout_recipients (payout_id, clearance);

-- What finance decided about a payout that waited for a person.
create table money.payout_decisions (
    payout_id      uuid not null references money.payouts (payout_id),
    -- By the process's time.
    decided_at     timestamptz not null,
    -- The order that stood, begun or not.
    order_number   integer not null,
    clearance      integer not null,
    decision       text not null,
    -- Which payout finance had found in Wave's portal.
    wave_payout_id text,
    decided_by     text not null,
    reason         text not null,

    constraint payout_decisions_one_at_a_time primary key (payout_id, decided_at),
    constraint payout_decisions_about_a_recipient
        foreign key (payout_id, clearance) references money.payout_recipients (payout_id, clearance),
    constraint payout_decisions_are_known
        check (decision in ('ask_again', 'found', 'order_anew', 'accept', 'never_paid')),
    constraint payout_decisions_name_what_was_found check ((decision = 'found') = (wave_payout_id is not null)),
    constraint payout_decisions_say_why check (reason <> '')
);

grant select, insert on money.payout_recipients, money.payout_decisions to wolo_worker;

-- A phone is personal, so each role that holds a grant is named.
alter table money.payout_recipients enable row level security;
alter table money.payout_recipients force row level security;
create policy worker_acts_for_all on money.payout_recipients to wolo_worker using (true) with check (true);
create policy operator_sees_all on money.payout_recipients to current_user using (true) with check (true);
