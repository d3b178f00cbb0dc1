-- People, as little as a pot and a payout need.

create table people.users (
    user_id    uuid primary key,
    name       text not null,
    birth_date date not null,
    -- E.164. One phone belongs to one account.
    phone      text,
    email      text,
    created_at timestamptz not null default clock_timestamp(),

    constraint users_one_account_per_phone unique (phone),
    constraint users_have_a_name check (name <> '' and char_length(name) <= 200),
    constraint users_phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$')
);

grant select, insert, update on people.users to wolo_worker;

-- The pages show names and compute birthdays. They reach nobody, so they see no phone and no address.
grant select (user_id, name, birth_date, created_at) on people.users to wolo_api;
