-- The list of those who bring many is for everybody who is signed in: a minor is not shown there, nor whoever is on their way out. So
-- whoever makes the list sees everybody else, and nothing of them but that they are there.

create policy leaders_may_be_listed on people.users for select to wolo_api
    using (
        (select ops.claim('role')) = 'leaders' and locked_at is null and birth_date + interval '18 years' <= now()
    );
