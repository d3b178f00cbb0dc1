-- Accounts: how people prove who they are, and what those are trusted with who work here.
--
-- Signing in happens before anybody is known. The code that does it names itself `gate` in its claims, and sees what it
-- needs; nothing else of the API does.

-- A contact that stands in `users` has been proved. It is how a person is known again, so it belongs to one account.
alter table people.users
    add column language   text not null default 'fr',
    add column locked_at  timestamptz,
    -- In words, for the operator.
    add column locked_why text,
    add constraint users_language_is_known check (language in ('fr', 'en', 'wo')),
    add constraint users_locked_for_a_reason check ((locked_at is null) = (locked_why is null)),
    add constraint users_email_is_bounded check (char_length(email) <= 254);

create unique index users_one_account_per_email on people.users (lower(email));

grant select (phone, email, language, locked_at), insert (user_id, name, birth_date, phone, email, language),
      update (name, phone, email, language) on people.users to wolo_api;

-- Secrets that prove somebody. They are hashed (a password), keyed hashes (codes, tokens) or sealed (a second factor).
create table people.passwords (
    user_id    uuid primary key references people.users (user_id),
    -- A PHC string of Argon2id, or a bcrypt hash of the earlier system, which is replaced at the next sign-in.
    hash       text not null,
    changed_at timestamptz not null default clock_timestamp()
);

-- Somebody who wants an account and has not proved the contact yet. It blocks nobody else's.
create table people.registrations (
    registration_id uuid primary key,
    name            text not null,
    birth_date      date not null,
    phone           text,
    email           text,
    language        text not null,
    password_hash   text,
    created_at      timestamptz not null default clock_timestamp(),

    constraint registrations_have_one_contact check (num_nonnulls(phone, email) = 1)
);

-- One-time codes. One without a registration and an account is a decoy: it was asked for a contact that nobody has, and
-- behaves as any other.
create table people.codes (
    code_id         uuid primary key,
    purpose         text not null,
    -- A keyed hash of the contact, to count what was sent to it.
    contact_hash    bytea not null,
    -- A keyed hash of the code.
    code_hash       bytea not null,
    registration_id uuid references people.registrations (registration_id) on delete set null,
    user_id         uuid references people.users (user_id),
    -- A contact that the account is to get.
    phone           text,
    email           text,
    tries_left      integer not null,
    created_at      timestamptz not null default clock_timestamp(),
    expires_at      timestamptz not null,
    used_at         timestamptz,

    constraint codes_purpose_is_known check (purpose in ('register', 'sign_in', 'verify_contact', 'reset_password')),
    constraint codes_tries_are_counted check (tries_left >= 0)
);

create index codes_by_contact on people.codes (contact_hash, created_at);

-- Guesses at something, counted before they are looked at, within a window that begins with the first.
create table people.guesses (
    -- A keyed hash of what is guessed at.
    target     bytea primary key,
    count      integer not null,
    started_at timestamptz not null default clock_timestamp(),

    constraint guesses_are_counted check (count > 0)
);

-- A session is a family of refresh tokens, of which one is good: the one of its generation.
create table people.sessions (
    session_id   uuid primary key,
    user_id      uuid not null references people.users (user_id),
    -- As the device calls itself.
    device       text,
    -- How its holder proved who they are: pwd, otp, totp, social.
    proofs       text[] not null,
    generation   integer not null default 0,
    created_at   timestamptz not null default clock_timestamp(),
    rotated_at   timestamptz not null default clock_timestamp(),
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    ended_why    text,

    constraint sessions_device_is_bounded check (char_length(device) <= 200),
    constraint sessions_end_for_a_reason check ((ended_at is null) = (ended_why is null)),
    constraint sessions_end_is_known
        check (ended_why in ('signed_out', 'password_changed', 'token_reused', 'locked', 'role_changed'))
);

create index sessions_of_a_user on people.sessions (user_id, created_at desc);

create table people.refresh_tokens (
    token_hash bytea primary key,
    session_id uuid not null references people.sessions (session_id) on delete cascade,
    generation integer not null,

    constraint refresh_tokens_one_per_generation unique (session_id, generation)
);

-- What somebody is trusted with. A grant that ended stays, so that one can tell who was what, and when.
create table people.roles (
    user_id    uuid not null references people.users (user_id),
    role       text not null,
    granted_at timestamptz not null default clock_timestamp(),
    granted_by text not null,
    reason     text not null,
    revoked_at timestamptz,
    revoked_by text,

    constraint roles_granted_once primary key (user_id, role, granted_at),
    constraint roles_are_known check (role in ('support', 'reviewer', 'finance', 'superadmin')),
    constraint roles_revoked_by_somebody check ((revoked_at is null) = (revoked_by is null))
);

create unique index roles_one_of_a_kind on people.roles (user_id, role) where revoked_at is null;

-- The second factor of those who work here.
create table people.second_factors (
    user_id      uuid primary key references people.users (user_id),
    -- The shared secret, sealed.
    secret       bytea not null,
    confirmed_at timestamptz,
    -- The time step of the last code that counted: none counts twice.
    last_step    bigint not null default 0
);

create table people.recovery_codes (
    user_id   uuid not null references people.users (user_id),
    code_hash bytea not null,
    used_at   timestamptz,

    constraint recovery_codes_are_distinct primary key (user_id, code_hash)
);

-- Who somebody is at another provider. The pair names a person there for ever; their mail address does not.
create table people.identities (
    issuer    text not null,
    subject   text not null,
    user_id   uuid not null references people.users (user_id),
    linked_at timestamptz not null default clock_timestamp(),

    constraint identities_name_one_account primary key (issuer, subject)
);

create table people.preferences (
    user_id uuid primary key references people.users (user_id),
    -- Categories of messages that the person does not want.
    muted   text[] not null,

    -- Money, consent and security cannot be muted.
    constraint preferences_mute_what_may_be_muted check (muted <@ array['reminders', 'invitations', 'wishes', 'news'])
);

do $$
declare
    guarded regclass;
begin
    foreach guarded in array array[
        'people.passwords', 'people.registrations', 'people.codes', 'people.guesses', 'people.sessions',
        'people.refresh_tokens', 'people.roles', 'people.second_factors', 'people.recovery_codes',
        'people.identities', 'people.preferences'
    ]::regclass[] loop
        execute format('alter table %s enable row level security', guarded);
        execute format('alter table %s force row level security', guarded);
        execute format('create policy worker_acts_for_all on %s to wolo_worker using (true) with check (true)', guarded);
        execute format('create policy operator_sees_all on %s to current_user using (true) with check (true)', guarded);
        execute format(
            $policy$create policy gate_knows_who_comes on %s to wolo_api
                using ((select ops.claim('role')) = 'gate') with check ((select ops.claim('role')) = 'gate')$policy$,
            guarded
        );
    end loop;
end
$$;

create policy gate_knows_who_comes on people.users to wolo_api
    using ((select ops.claim('role')) = 'gate') with check ((select ops.claim('role')) = 'gate');
create policy people_change_themselves on people.users for update to wolo_api
    using (user_id = (select ops.asker())) with check (user_id = (select ops.asker()));

create policy people_see_their_sessions on people.sessions for select to wolo_api
    using (user_id = (select ops.asker()));
create policy people_end_their_sessions on people.sessions for update to wolo_api
    using (user_id = (select ops.asker())) with check (user_id = (select ops.asker()));
create policy people_see_their_roles on people.roles for select to wolo_api
    using (user_id = (select ops.asker()) or (select ops.asker_is_staff()));
create policy people_have_preferences on people.preferences to wolo_api
    using (user_id = (select ops.asker())) with check (user_id = (select ops.asker()));

grant select, insert, update on people.passwords, people.codes, people.sessions, people.second_factors,
                                people.recovery_codes, people.preferences to wolo_api;
grant select, insert, update, delete on people.guesses to wolo_api;
grant select, insert, delete on people.registrations, people.identities to wolo_api;
grant select, insert on people.refresh_tokens to wolo_api;
grant delete on people.recovery_codes to wolo_api;
grant select on people.roles to wolo_api;
