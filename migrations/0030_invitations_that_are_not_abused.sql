-- Invitations that cannot be abused and do not get lost: how many one contact may get, whoever sends them; codes that prove the
-- contact that was invited; and ends that are written where there is no process to write them.

-- When each contact was invited, by whomever, as long as that counts. The row is the lock: sponsors side by side count one after
-- the other. Who the contact is cannot be read here: it is a keyed hash.
create table sponsorship.contacts (
    contact_hash bytea primary key,
    asked_at     timestamptz[] not null,
    -- After this it counts nothing and is forgotten.
    counts_until timestamptz not null,

    constraint contacts_are_hashed check (octet_length(contact_hash) = 32),
    constraint contacts_were_asked check (cardinality(asked_at) > 0)
);

create index contacts_by_end on sponsorship.contacts (counts_until);

grant select, insert, update on sponsorship.contacts to wolo_api;
grant select, delete on sponsorship.contacts to wolo_worker;

-- A code that was sent to where an invitation went. It is nobody's account that it is about: whether there is one is looked at
-- when it has come back.
alter table people.codes
    add column invitation_id uuid references sponsorship.invitations (invitation_id),
    drop constraint codes_purpose_is_known,
    add constraint codes_purpose_is_known
        check (purpose in ('register', 'sign_in', 'verify_contact', 'reset_password', 'accept_invitation')),
    add constraint codes_for_an_invitation_name_it
        check ((purpose = 'accept_invitation') = (invitation_id is not null));

-- Where the process of an invitation is gone, its end is written by whoever asked for it: the sponsor who takes it back, the
-- invited person who declines it by the link (`links_are_followed`).
create policy sponsors_take_back on sponsorship.invitations for update to wolo_api
    using (sponsor_id = (select ops.asker())) with check (sponsor_id = (select ops.asker()) and ended_as = 'cancelled');
grant update (ended_as, ended_at) on sponsorship.invitations to wolo_api;

-- An end stands: whoever has declined has declined.
create function sponsorship.keep_the_end() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'an invitation that has ended stays as it ended'
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'invitations_end_once';
    end
    $$;
create trigger invitations_end_once
    before update on sponsorship.invitations
    for each row when (old.ended_as is not null and (new.ended_as, new.ended_at) is distinct from (old.ended_as, old.ended_at))
    execute function sponsorship.keep_the_end();

-- Who has ended it by hand, and why, in their words.
alter table sponsorship.invitations
    add column ended_by   text,
    add column ended_note text,
    add constraint invitations_ended_by_hand_are_somebodys
        check ((ended_by is null) = (ended_note is null) and (ended_by is null or ended_as is not null));

-- Invitations that should have lapsed and have not are looked for every hour.
create index invitations_open_by_end on sponsorship.invitations (expires_at) where accepted_at is null and ended_at is null;
