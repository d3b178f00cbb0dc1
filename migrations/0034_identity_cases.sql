-- Identity cases: who sent which documents, who looked at them, what was decided. Of a document nothing stands here that it shows;
-- what it shows is in the vault, and goes from there.
--
-- One more role sees this: `reviewer`, for whoever is one (or a superadmin) and comes to review.

create schema if not exists minors;
grant usage on schema minors to wolo_worker, wolo_api;

create table minors.cases (
    case_id             uuid primary key,
    -- Who is to be who they say.
    subject_id          uuid not null references people.users (user_id),
    -- The consent of a guardian that it belongs to. Somebody of age has none.
    consent_id          uuid,
    -- So many different reviewers.
    approvals_needed    integer not null,
    opened_at           timestamptz not null,

    stage               text not null default 'opened',
    -- How often documents were submitted. Looks and decisions count in one round.
    round               integer not null default 0,
    -- Since when it waits for what it waits for now: the next document, a decision, the destruction.
    since               timestamptz not null,
    submitted_at        timestamptz,
    assigned_to         uuid references people.users (user_id),
    -- How often somebody was told in this round that nobody decides, and when last.
    escalations         integer not null default 0,
    escalated_at        timestamptz,
    -- Why it was rejected, or what is needed.
    reasons             text[] not null default '{}',
    decided_at          timestamptz,
    -- What was approved is that somebody was born on this day. A corrected birth date is not approved.
    approved_birth_date date,
    -- Of a case that is decided.
    destroy_at          timestamptz,
    destroyed_at        timestamptz,

    constraint cases_stage_is_known
        check (stage in ('opened', 'submitted', 'in_review', 'approved', 'rejected', 'more_needed')),
    constraint cases_need_somebody_to_approve check (approvals_needed > 0),
    constraint cases_have_rounds check (round >= 0 and (round = 0) = (submitted_at is null)),
    constraint cases_under_review_were_submitted check (stage not in ('submitted', 'in_review') or round > 0),
    constraint cases_in_review_are_somebodys check (stage <> 'in_review' or assigned_to is not null),
    constraint cases_decided_at_an_instant
        check ((stage in ('approved', 'rejected')) = (decided_at is not null)
               and (decided_at is null) = (destroy_at is null)),
    constraint cases_approved_a_birth_date check ((stage = 'approved') = (approved_birth_date is not null)),
    constraint cases_rejected_for_reasons check (stage <> 'rejected' or cardinality(reasons) > 0),
    constraint cases_destroyed_once_decided check (destroyed_at is null or decided_at is not null),
    constraint cases_escalated_so_often check (escalations >= 0 and (escalations = 0) = (escalated_at is null))
);

create index cases_of_a_subject on minors.cases (subject_id);
create index cases_of_a_consent on minors.cases (consent_id) where consent_id is not null;
create index cases_that_wait on minors.cases (since, case_id) where stage in ('submitted', 'in_review');
create index cases_to_be_destroyed on minors.cases (destroy_at) where destroyed_at is null and destroy_at is not null;

create table minors.documents (
    document_id  uuid primary key,
    case_id      uuid not null references minors.cases (case_id),
    party        text not null,
    kind         text not null,
    media        text not null,
    -- Of the content that reviewers see. It stays, so that the same document in another case is noticed.
    sha256       bytea not null,
    bytes        bigint not null,
    pages        integer not null,
    added_at     timestamptz not null,
    removed_at   timestamptz,
    -- Its key and its content are gone.
    destroyed_at timestamptz,

    constraint documents_party_is_known check (party in ('person', 'guardian')),
    constraint documents_kind_is_known
        check (kind in ('identity_card', 'passport', 'birth_certificate', 'guardianship')),
    constraint documents_media_is_known check (media in ('jpeg', 'png')),
    constraint documents_are_hashed check (octet_length(sha256) = 32),
    constraint documents_hold_something check (bytes > 0 and pages > 0)
);

create index documents_of_a_case on minors.documents (case_id, added_at);
create index documents_by_content on minors.documents (sha256);

-- What reviewers said. A reviewer has one word in a round.
create table minors.decisions (
    decision_id uuid primary key,
    case_id     uuid not null references minors.cases (case_id),
    round       integer not null,
    reviewer_id uuid not null references people.users (user_id),
    verdict     text not null,
    reasons     text[] not null,
    note        text not null,
    -- The hashes of what they had seen.
    seen        bytea[] not null,
    decided_at  timestamptz not null,

    constraint decisions_one_word_in_a_round unique (case_id, round, reviewer_id),
    constraint decisions_verdict_is_known check (verdict in ('approve', 'reject', 'ask')),
    constraint decisions_say_why check (btrim(note) <> '' and (verdict = 'approve') = (cardinality(reasons) = 0)),
    constraint decisions_are_about_documents check (cardinality(seen) > 0)
);

-- Who saw which document, when and why.
create table minors.looks (
    look_id     uuid primary key,
    case_id     uuid not null references minors.cases (case_id),
    document_id uuid not null references minors.documents (document_id),
    round       integer not null,
    reviewer_id uuid not null references people.users (user_id),
    reason      text not null,
    looked_at   timestamptz not null,

    constraint looks_say_why check (btrim(reason) <> '')
);

create index looks_of_a_case on minors.looks (case_id, round, reviewer_id);

create function minors.refuse_rewriting_reviews() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'reviews are append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'reviews_are_append_only';
    end
    $$;

create trigger reviews_are_append_only
    before update or delete or truncate on minors.decisions
    for each statement execute function minors.refuse_rewriting_reviews();
create trigger reviews_are_append_only
    before update or delete or truncate on minors.looks
    for each statement execute function minors.refuse_rewriting_reviews();

do $$
declare
    guarded regclass;
begin
    foreach guarded in array array[
        'minors.cases', 'minors.documents', 'minors.decisions', 'minors.looks'
    ]::regclass[] loop
        execute format('alter table %s enable row level security', guarded);
        execute format('alter table %s force row level security', guarded);
        execute format('create policy worker_acts_for_all on %s to wolo_worker using (true) with check (true)', guarded);
        execute format('create policy operator_sees_all on %s to current_user using (true) with check (true)', guarded);
    end loop;
end
$$;

grant select, insert, update on minors.cases, minors.documents to wolo_worker;
grant select, insert on minors.decisions, minors.looks to wolo_worker;

create function ops.asker_reviews() returns boolean
    language sql
    stable
    parallel safe
    as $$ select coalesce(ops.claim('role') = 'reviewer', false) $$;

revoke execute on function ops.asker_reviews() from public;
grant execute on function ops.asker_reviews() to wolo_api, wolo_worker;

-- Whoever it is about sees where their case stands and what was sent. Who reviews it is seen by reviewers alone.
create policy cases_are_seen_by_their_subject on minors.cases for select to wolo_api
    using (subject_id = (select ops.asker()) or (select ops.asker_reviews()));
create policy documents_are_seen_with_their_case on minors.documents for select to wolo_api
    using (case_id in (select cases.case_id from minors.cases));
create policy decisions_are_seen_by_reviewers on minors.decisions for select to wolo_api
    using ((select ops.asker_reviews()));
create policy looks_are_seen_by_reviewers on minors.looks for select to wolo_api
    using ((select ops.asker_reviews()));

grant select (
          case_id, subject_id, consent_id, approvals_needed, opened_at, stage, round, since, submitted_at, assigned_to, escalations,
          escalated_at, reasons, decided_at, destroy_at, destroyed_at
      ) on minors.cases to wolo_api;
grant select on minors.documents, minors.decisions, minors.looks to wolo_api;
