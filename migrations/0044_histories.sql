-- The histories of processes that have ended, kept after the engine has forgotten them: what happened, in order and when. What they
-- carried is not here (payloads have no key of one person each, and would outlive an erasing); ids are opaque, and the words are ours.

create table ops.histories (
    workflow_id text not null,
    run_id      text not null,
    kind        text not null,
    -- How the engine calls its end, such as completed.
    came_to     text not null,
    -- Where it said that it stood.
    stage       text,
    began_at    timestamptz,
    -- By the process's own time.
    ended_at    timestamptz not null,
    -- How the history is written; domain/src/histories.rs says which ways there are.
    format      smallint,
    history     bytea,
    -- Why there is none.
    lacks       text,
    archived_at timestamptz not null default clock_timestamp(),

    primary key (workflow_id, run_id),
    constraint histories_lack_for_a_reason check (
        (lacks is null) = (history is not null) and (history is null) = (format is null)
    ),
    constraint histories_reason_is_known check (lacks in ('gone', 'too_long'))
);

create index histories_by_end on ops.histories (ended_at);

-- Up to when everything that has ended is archived: one row.
create table ops.histories_mark (
    only_one       boolean primary key default true,
    archived_until timestamptz not null,
    noted_at       timestamptz not null default clock_timestamp(),

    constraint histories_mark_is_one check (only_one)
);

grant select, insert, delete on ops.histories to wolo_worker;
grant select, insert, update on ops.histories_mark to wolo_worker;
