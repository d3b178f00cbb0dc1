-- Birth dates that an operator has corrected. Nobody changes their own: their age, a guardian's consent and the day of their pot
-- follow from it.

create table people.birth_date_changes (
    change_id  uuid primary key,
    user_id    uuid not null references people.users (user_id),
    was        date not null,
    becomes    date not null,
    changed_by text not null,
    reason     text not null,
    changed_at timestamptz not null default clock_timestamp(),

    constraint birth_date_changes_change_something check (was <> becomes),
    constraint birth_date_changes_say_who_and_why check (changed_by <> '' and reason <> '')
);

create index birth_date_changes_of_a_user on people.birth_date_changes (user_id, changed_at);

create function people.refuse_rewriting_birth_dates() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'changes of birth dates are append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'birth_date_changes_are_append_only';
    end
    $$;

create trigger birth_date_changes_are_append_only
    before update or delete or truncate on people.birth_date_changes
    for each statement execute function people.refuse_rewriting_birth_dates();

-- The operator writes and reads them; nobody else has a grant.
alter table people.birth_date_changes enable row level security;
alter table people.birth_date_changes force row level security;
create policy operator_sees_all on people.birth_date_changes to current_user using (true) with check (true);
