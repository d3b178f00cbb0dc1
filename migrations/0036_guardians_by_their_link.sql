-- Guardians on the pages to which their link leads: the codes that prove the phone to which a request went, and the sessions that a
-- right one opens. A link that was passed on brings nothing without a code.

-- As the minor sees it again: masked. Where a guardian is reached they do not see.
alter table minors.consents add column guardian_phone text;

alter table people.codes
    add column consent_id uuid references minors.consents (consent_id) on delete cascade,
    -- The message that carries it. It may not have been begun yet.
    add column notice_id uuid,
    drop constraint codes_purpose_is_known,
    add constraint codes_purpose_is_known check (
        purpose in ('register', 'sign_in', 'verify_contact', 'reset_password', 'accept_invitation', 'consent')
    ),
    add constraint codes_for_a_consent_name_it
        check ((purpose = 'consent') = (consent_id is not null));

create table minors.guardian_sessions (
    -- A keyed hash of what the guardian's browser keeps.
    session_hash bytea primary key,
    consent_id   uuid not null references minors.consents (consent_id) on delete cascade,
    -- How it is known that it is they.
    proof        text not null,
    created_at   timestamptz not null default clock_timestamp(),
    expires_at   timestamptz not null,

    constraint guardian_sessions_are_hashed check (octet_length(session_hash) = 32),
    constraint guardian_sessions_proof_is_known
        check (proof in ('code_by_sms', 'code_by_whatsapp', 'code_by_email'))
);

create index guardian_sessions_by_end on minors.guardian_sessions (expires_at);
create index codes_of_a_consent on people.codes (consent_id) where consent_id is not null;
create index guardian_sessions_of_a_consent on minors.guardian_sessions (consent_id);

alter table minors.guardian_sessions enable row level security;
alter table minors.guardian_sessions force row level security;
create policy worker_acts_for_all on minors.guardian_sessions to wolo_worker using (true) with check (true);
create policy operator_sees_all on minors.guardian_sessions to current_user using (true) with check (true);
create policy gate_knows_who_comes on minors.guardian_sessions to wolo_api
    using ((select ops.claim('role')) = 'gate') with check ((select ops.claim('role')) = 'gate');

grant select, insert on minors.guardian_sessions to wolo_api;
-- Those that are over are forgotten by the worker, which reads no more of them than their age.
grant delete on minors.guardian_sessions to wolo_worker;
grant select (session_hash, expires_at) on minors.guardian_sessions to wolo_worker;

-- On which way a code came tells how it is known who gave it back.
create policy gate_sees_how_codes_went on notices.attempts for select to wolo_api
    using (
        (select ops.claim('role')) = 'gate'
        and notice_id in (select codes.notice_id from people.codes where codes.notice_id is not null)
    );

-- A guardian sees the case of their consent, and what was sent to it. Whether it is they is for the code that lets people in.
create policy cases_are_seen_at_the_door_of_their_consent on minors.cases for select to wolo_api
    using (
        (select ops.claim('role')) = 'gate'
        and consent_id in (
            select consents.consent_id from minors.consents
            where token_hash = decode((select ops.claim('consent')), 'hex')
        )
    );
