-- That the books were brought back from a backup. From then on Wave may know of payouts that they do not, so it is asked before one leaves.
create table ops.restores (
    restored_at timestamptz primary key default clock_timestamp(),
    -- Of when the backup was.
    backup_at   timestamptz not null
);

grant select on ops.restores to wolo_worker;
