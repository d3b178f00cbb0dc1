-- The list of those who bring many is for everybody who is signed in: a minor is not shown there, nor whoever is on their way out.

create function people.may_be_listed(somebody uuid) returns boolean
    language sql stable security definer set search_path = ''
    return exists (
        select from people.users
        where user_id = somebody and locked_at is null and birth_date + interval '18 years' <= now()
    );
revoke execute on function people.may_be_listed from public;
grant execute on function people.may_be_listed to wolo_api;

alter policy leaders_are_known on sponsorship.awards
    using ((select ops.claim('role')) = 'leaders' and people.may_be_listed(user_id));
