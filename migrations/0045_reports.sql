-- What people report of pots, for a moderator to look at. It holds no pot by itself: whoever is reported by many has not done anything
-- for that.
--
-- Of whoever reports nothing is kept but their account, where they are signed in; and what they wrote goes once a moderator has
-- decided. What is decided stands in the audit trail.

create table pots.reports (
    -- Follows from the pot, who reports it and under which key, so that what is sent twice is one report.
    report_id   uuid primary key,
    pot_id      uuid not null references pots.pots,
    reporter_id uuid references people.users,
    reason      text not null,
    words       text,
    reported_at timestamptz not null default clock_timestamp(),
    resolved_at timestamptz,
    resolved_by text,
    resolution  text,

    constraint reports_reason_is_known check (reason in ('fraud', 'impersonation', 'offensive', 'child', 'other')),
    constraint reports_words_are_few check (char_length(words) between 1 and 500),
    constraint reports_resolution_is_whole
        check (num_nonnulls(resolved_at, resolved_by, resolution) in (0, 3) and resolution <> ''),
    constraint reports_words_go_when_they_are_resolved check (resolved_at is null or words is null)
);

-- One person reports a pot once, until somebody has looked.
create unique index reports_once_by_a_person on pots.reports (pot_id, reporter_id) where resolved_at is null;
create index reports_open on pots.reports (reported_at, pot_id) where resolved_at is null;
create index reports_of_a_pot on pots.reports (pot_id);
create index reports_by_a_person on pots.reports (reporter_id) where reporter_id is not null;

alter table pots.reports enable row level security;
alter table pots.reports force row level security;
create policy worker_acts_for_all on pots.reports to wolo_worker using (true) with check (true);
create policy operator_sees_all on pots.reports to current_user using (true) with check (true);
-- In one's own name or in nobody's, and of a pot that one sees.
create policy whoever_sees_a_pot_reports_it on pots.reports for insert to wolo_api
    with check (pot_id = (select pots.shown()) and reporter_id is not distinct from (select ops.asker()));
create policy staff_see_reports on pots.reports for select to wolo_api using ((select ops.asker_is_staff()));
create policy people_see_what_they_reported on pots.reports for select to wolo_api using (reporter_id = (select ops.asker()));

grant select, update on pots.reports to wolo_worker;
grant insert (report_id, pot_id, reporter_id, reason, words),
    select (report_id, pot_id, reporter_id, reason, words, reported_at, resolved_at) on pots.reports to wolo_api;
