-- The sweep that makes birthday pots: who has a birthday on a day, who wants no pot, and which days have been swept.

-- Where a birth lies in the year: month × 100 + day. The day's page is read by it, and goes on after a person.
create index users_by_place_in_year on people.users (
    (extract(month from birth_date)::integer * 100 + extract(day from birth_date)::integer), user_id
);

-- Whoever has not chosen gets a pot for each birthday.
alter table people.preferences add column birthday_pot boolean not null default true;

-- A day on which the pots of one birthday were made. Days before the last that have no row were missed.
create table pots.sweeps (
    day        date primary key,
    birthday   date not null,
    -- People who celebrate and had no pot.
    celebrants bigint not null,
    -- Pots that were begun for them.
    started    bigint not null,
    ended_at   timestamptz not null default clock_timestamp(),

    constraint sweeps_look_ahead check (birthday > day),
    constraint sweeps_count_people check (celebrants >= started and started >= 0)
);

grant select, insert, update on pots.sweeps to wolo_worker;
