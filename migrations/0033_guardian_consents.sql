-- Minors: the guardian who is asked for one, what they answered, and to what they agreed.
--
-- One more claim says what a caller holds: `consent`, the SHA-256 of the secret of a guardian's link, in hexadecimal digits.

create schema if not exists minors;
grant usage on schema minors to wolo_worker, wolo_api;

-- One guardian, asked for one minor. Where it stands its process decides, by the process's time; what happened is told by the events.
create table minors.consents (
    consent_id    uuid primary key,
    minor_id      uuid not null references people.users (user_id),
    -- As the minor has written it.
    guardian_name text not null,
    guardian_is   text not null,
    language      text not null,
    -- SHA-256 of the secret in the guardian's link, which is kept nowhere.
    token_hash    bytea not null,
    stage         text not null,
    since         timestamptz not null,
    requested_at  timestamptz not null,
    -- Until then the guardian may answer, or come back; nothing while nobody waits for them.
    answer_by     timestamptz,
    created_at    timestamptz not null default clock_timestamp(),

    constraint consents_guardian_has_a_name check (guardian_name <> '' and char_length(guardian_name) <= 200),
    constraint consents_guardian_is_somebody check (
        guardian_is in ('mother', 'father', 'legal_guardian', 'grandparent', 'relative', 'other')
    ),
    constraint consents_language_is_known check (language in ('fr', 'en', 'wo')),
    constraint consents_token_is_hashed check (octet_length(token_hash) = 32),
    constraint consents_one_per_token unique (token_hash),
    constraint consents_stage_is_known check (
        stage in ('requested', 'given', 'withdrawn', 'refused', 'lapsed', 'superseded', 'ended', 'handed_over')
    ),
    constraint consents_wait_while_an_answer_can_come
        check ((stage in ('requested', 'withdrawn')) = (answer_by is not null))
);

create unique index consents_one_in_force_per_minor on minors.consents (minor_id)
    where stage in ('requested', 'given', 'withdrawn');
create index consents_of_a_minor on minors.consents (minor_id, requested_at desc);
create index consents_in_order on minors.consents (created_at desc, consent_id desc);

-- Where the guardian is reached. Apart from the consent, because the minor sees that and has no business with this any more.
create table minors.guardians (
    consent_id uuid primary key references minors.consents (consent_id),
    -- E.164. The code goes there, and the money.
    phone      text not null,
    email      text,

    constraint guardians_phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    constraint guardians_email_is_bounded check (char_length(email) <= 254)
);

-- How many minors one guardian has.
create index guardians_by_phone on minors.guardians (phone);

-- What happened to a consent, in its order. This is the proof of it, so nobody changes it.
create table minors.consent_events (
    consent_id    uuid not null references minors.consents (consent_id),
    number        integer not null,
    event         text not null,
    at            timestamptz not null,
    recorded_at   timestamptz not null default clock_timestamp(),

    -- Of what was given: which text was shown, for which purposes, and how it is known who gave it.
    text_id       text,
    text_hash     text,
    language      text,
    purposes      text[],
    proof         text,
    address_class text,
    -- The guardian has given a birth date that makes them an adult. The date itself is not kept.
    declared_adult boolean,

    constraint consent_events_follow_one_another primary key (consent_id, number),
    constraint consent_events_are_numbered check (number > 0),
    constraint consent_events_event_is_known check (
        event in ('requested', 'given', 'withdrawn', 'refused', 'lapsed', 'superseded', 'ended', 'handed_over')
    ),
    constraint consent_events_given_say_what_was_agreed_to check (
        case when event = 'given'
            then num_nulls(text_id, text_hash, language, purposes, proof, address_class, declared_adult) = 0
            else num_nonnulls(text_id, text_hash, language, purposes, proof, address_class, declared_adult) = 0
        end
    ),
    constraint consent_events_text_is_hashed check (text_hash ~ '^[0-9a-f]{64}$'),
    constraint consent_events_language_is_known check (language in ('fr', 'en', 'wo')),
    constraint consent_events_purposes_are_known
        check (cardinality(purposes) > 0 and purposes <@ array['pot', 'identity_check', 'payout', 'messages']),
    constraint consent_events_proof_is_known
        check (proof in ('code_by_sms', 'code_by_whatsapp', 'code_by_email')),
    constraint consent_events_address_class_is_known
        check (address_class in ('ipv4', 'ipv6', 'private', 'unknown')),
    constraint consent_events_are_of_adults check (declared_adult)
);

create function minors.refuse_rewriting_consents() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'what happened to a consent is append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'consent_events_are_append_only';
    end
    $$;

create trigger consent_events_are_append_only
    before update or delete or truncate on minors.consent_events
    for each statement execute function minors.refuse_rewriting_consents();

do $$
declare
    guarded regclass;
begin
    foreach guarded in array array['minors.consents', 'minors.guardians', 'minors.consent_events']::regclass[] loop
        execute format('alter table %s enable row level security', guarded);
        execute format('alter table %s force row level security', guarded);
        execute format('create policy worker_acts_for_all on %s to wolo_worker using (true) with check (true)', guarded);
        execute format('create policy operator_sees_all on %s to current_user using (true) with check (true)', guarded);
    end loop;
end
$$;

grant select, insert, update on minors.consents to wolo_worker;
grant select, insert on minors.guardians, minors.consent_events to wolo_worker;

-- A minor sees whom they have named and what came of it; whoever holds the link of a consent sees what it belongs to, and where its
-- code goes. The API writes nothing here: it asks the process.
create policy consents_are_seen_by_their_minor on minors.consents for select to wolo_api
    using (minor_id = (select ops.asker()) or (select ops.asker_is_staff()));
create policy consents_are_seen_by_who_has_the_link on minors.consents for select to wolo_api
    using (token_hash = decode((select ops.claim('consent')), 'hex'));
create policy guardians_are_seen_by_themselves on minors.guardians for select to wolo_api
    using (
        (select ops.asker_is_staff())
        or consent_id in (
            select consents.consent_id from minors.consents
            where token_hash = decode((select ops.claim('consent')), 'hex')
        )
    );
create policy events_are_seen_with_their_consent on minors.consent_events for select to wolo_api
    using (consent_id in (select consents.consent_id from minors.consents));

grant select on minors.consents, minors.guardians, minors.consent_events to wolo_api;
