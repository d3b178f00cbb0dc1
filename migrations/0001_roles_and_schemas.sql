-- Who connects, and where things live.

-- Roles belong to the whole cluster, and several databases of one cluster may be migrated at the same moment:
-- a role that somebody else has just made is as good as one made here. `create role` and its unique index tell
-- that in two ways, depending on how close the race was.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['wolo_worker', 'wolo_api'] loop
        begin
            if not exists (select from pg_roles where rolname = role_name) then
                execute format('create role %I login nosuperuser nocreatedb nocreaterole', role_name);
            end if;
        exception
            when duplicate_object or unique_violation then null;
        end;
    end loop;
end
$$;

-- One schema per domain: a grant on a schema is the first fence.
create schema people;
create schema pots;
create schema money;
create schema ops;

grant usage on schema people, pots, money, ops to wolo_worker, wolo_api;

-- Nothing of ours stands in `public`, and nobody gets to put something there that a query could mistake for ours.
revoke create on schema public from public;
