-- Who sees a pot by its id, and who forgets what is of no use any more.

-- A pot with a link exists for whoever has the link, and its id is not the link: who only knew or computed the id could
-- give to it, and learned from the answers that it is there.

alter policy pots_are_seen_by_their_visibility on pots.pots
    using (
        visibility = 'public'
        or owner_id = (select ops.asker())
        or (visibility = 'link' and slug = (select ops.claim('link')))
        or (select ops.asker_is_staff())
    );

-- Codes, guesses, wishes for an account and sessions that have had their time are forgotten by the worker, which reads no
-- more of them than their age. Refresh tokens go with their session.
grant delete on people.codes, people.registrations, people.guesses, people.sessions to wolo_worker;
grant select (code_id, created_at, expires_at) on people.codes to wolo_worker;
grant select (registration_id, created_at) on people.registrations to wolo_worker;
grant select (target, started_at) on people.guesses to wolo_worker;
grant select (session_id, expires_at, ended_at) on people.sessions to wolo_worker;

-- A registration that goes looks for its codes.
create index codes_of_a_registration on people.codes (registration_id) where registration_id is not null;
