-- Which of our processes run. Each tells every few seconds that it lives, what it does, and how it finds the providers;
-- one that has stopped takes its row away, and one that was killed falls silent.

create table ops.processes (
    process_id uuid primary key,
    kind       text not null,
    version    text not null,
    -- The queues that a worker serves; none for an API.
    queues     text[] not null,
    -- Provider to state of its breaker, as {"wave": "closed"}.
    breakers   jsonb not null,
    started_at timestamptz not null default clock_timestamp(),
    seen_at    timestamptz not null default clock_timestamp(),

    constraint processes_kind_is_known check (kind in ('api', 'worker'))
);

create index processes_by_silence on ops.processes (seen_at);

grant select, insert, update, delete on ops.processes to wolo_api, wolo_worker;
