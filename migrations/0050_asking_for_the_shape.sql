-- A process asks whether the database has the shape that it was written for, before it says that it can work. It learns which migrations
-- were applied, and nothing more of them.
grant select (version, success) on _sqlx_migrations to wolo_api, wolo_worker;
