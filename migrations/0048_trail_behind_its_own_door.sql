-- The trail says in free words why somebody did something. Of the API only the page of those who may read it sees its lines, and why
-- payouts are stopped only those who work here.
alter table audit.entries enable row level security;
alter table audit.entries force row level security;
create policy auditor_keeps_it on audit.entries to wolo_auditor using (true) with check (true);
create policy operator_sees_all on audit.entries to current_user using (true) with check (true);
create policy trail_is_read on audit.entries for select to wolo_api
    using ((select ops.claim('role')) = 'trail');

alter table money.halts enable row level security;
alter table money.halts force row level security;
create policy worker_acts_for_all on money.halts to wolo_worker using (true) with check (true);
create policy operator_sees_all on money.halts to current_user using (true) with check (true);
create policy staff_sees_halts on money.halts for select to wolo_api using ((select ops.asker_is_staff()));
