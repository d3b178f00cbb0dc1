-- The admin pages read what only operators and workers read before: the trail, whose lines name nobody but by opaque ids, and
-- whether payouts are stopped.
grant usage on schema audit to wolo_api;
grant select on audit.entries to wolo_api;
grant select on money.halts to wolo_api;
