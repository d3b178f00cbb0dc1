-- Tokens that belong to no session end with a person's sessions.
--
-- A token of a session is good as long as the session lives. One that an operator minted belongs to none: it carries the
-- epoch of its person instead, and whatever ends all their sessions (another password, a role that is granted or taken
-- away, a lock, signing out everywhere) begins the next.

alter table people.users add column epoch integer not null default 0;

grant select (epoch), update (epoch) on people.users to wolo_api;
