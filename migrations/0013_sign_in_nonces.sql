-- Signing in with another provider's word: each proof opens a session once.

-- A nonce that we gave out, until the token that carries it comes back. An access token that carries none stands here
-- itself once it was used. Rows that have expired are worth nothing, because what they stand for has expired as well.
create table people.sign_in_nonces (
    -- A keyed hash of the nonce, or of the access token.
    nonce_hash bytea primary key,
    expires_at timestamptz not null,
    used_at    timestamptz
);

create index sign_in_nonces_by_end on people.sign_in_nonces (expires_at);

alter table people.sign_in_nonces enable row level security;
alter table people.sign_in_nonces force row level security;

create policy worker_acts_for_all on people.sign_in_nonces to wolo_worker using (true) with check (true);
create policy operator_sees_all on people.sign_in_nonces to current_user using (true) with check (true);
create policy gate_knows_who_comes on people.sign_in_nonces to wolo_api
    using ((select ops.claim('role')) = 'gate') with check ((select ops.claim('role')) = 'gate');

grant select, insert, update, delete on people.sign_in_nonces to wolo_api;

-- A provider's own name for a person is looked for among those of one account too.
create index identities_of_a_user on people.identities (user_id, issuer);
