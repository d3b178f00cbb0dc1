-- Sponsorship: who was invited by whom, what came of it, and the points that it brought.
--
-- One more claim says what a caller holds: `invitation`, the keyed hash of the secret of such a link, in hexadecimal digits. And one
-- more role makes a list for nobody in particular: `leaders`.

create schema sponsorship;
grant usage on schema sponsorship to wolo_worker, wolo_api;

-- One person, asked to come by another. What they are told travels sealed, as every message does; the secret of the link
-- stands here as a hash alone.
create table sponsorship.invitations (
    invitation_id uuid primary key,
    sponsor_id    uuid not null references people.users (user_id),
    -- A first name, as the invited person reads it.
    sponsor_name  text not null,
    -- Where it goes: one of the two.
    phone         text,
    email         text,
    relationship  text not null,
    -- A keyed hash of the secret in its link.
    token_hash    bytea not null,
    -- The message that brings it. What is known of that is known of the invitation.
    notice_id     uuid not null,
    created_at    timestamptz not null default clock_timestamp(),
    expires_at    timestamptz not null,
    -- Its link was followed.
    opened_at     timestamptz,

    -- What its process decided, by the process's time. Accepted by somebody, or ended otherwise.
    invitee_id    uuid references people.users (user_id),
    -- A first name, as the sponsor reads it.
    invitee_name  text,
    accepted_at   timestamptz,
    -- Why it brings no points, though it was accepted.
    no_points     text,
    ended_as      text,
    ended_at      timestamptz,

    -- What came of it.
    pot_id        uuid,
    pot_opened_at timestamptz,
    first_gift_at timestamptz,

    constraint invitations_have_one_contact check (num_nonnulls(phone, email) = 1),
    constraint invitations_phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    constraint invitations_email_is_bounded check (char_length(email) <= 254),
    constraint invitations_relationship_is_known check (
        relationship in ('partner', 'parent', 'child', 'sibling', 'relative', 'friend', 'colleague', 'other')
    ),
    constraint invitations_token_is_hashed check (octet_length(token_hash) = 32),
    constraint invitations_one_per_token unique (token_hash),
    constraint invitations_one_per_message unique (notice_id),
    constraint invitations_expire_after_they_begin check (expires_at > created_at),
    constraint invitations_accepted_by_somebody check ((accepted_at is null) = (invitee_id is null) and (invitee_id is null) = (invitee_name is null)),
    constraint invitations_end_is_known check (ended_as in ('declined', 'lapsed', 'cancelled')),
    constraint invitations_end_at_an_instant check ((ended_as is null) = (ended_at is null)),
    constraint invitations_end_one_way check (num_nonnulls(accepted_at, ended_at) <= 1),
    constraint invitations_bring_a_pot_once_accepted
        check (accepted_at is not null or num_nonnulls(pot_id, pot_opened_at, first_gift_at, no_points) = 0),
    constraint invitations_no_points_is_known
        check (no_points in ('oneself', 'cycle', 'same_phone', 'same_payout_number'))
);

-- Somebody comes once, brought by one sponsor.
create unique index invitations_one_accepted_per_person on sponsorship.invitations (invitee_id)
    where invitee_id is not null;
-- A sponsor asks one contact once at a time.
create unique index invitations_one_open_per_contact on sponsorship.invitations (sponsor_id, coalesce(phone, lower(email)))
    where accepted_at is null and ended_at is null;
create index invitations_of_a_sponsor on sponsorship.invitations (sponsor_id, created_at desc, invitation_id desc);
create index invitations_by_age on sponsorship.invitations (created_at desc, invitation_id desc);
-- Whose process wants to hear of a pot. Its owner came by one invitation.
create unique index invitations_one_follows_a_pot on sponsorship.invitations (pot_id) where pot_id is not null;

-- How many somebody has sent on a day (Dakar). The row is the lock: requests side by side count one after the other.
create table sponsorship.days (
    sponsor_id  uuid not null references people.users (user_id),
    day         date not null,
    invitations integer not null,

    constraint days_counted_once primary key (sponsor_id, day),
    constraint days_count_something check (invitations > 0)
);

-- Points, for one thing that happened each. Nothing is counted up, and nothing changed: what becomes of an award is
-- another row.
create table sponsorship.awards (
    award_id      uuid primary key,
    -- The order in which they were given.
    place         bigint not null generated always as identity,
    user_id       uuid not null references people.users (user_id),
    -- A first name, for the list of those who have the most.
    name          text not null,
    rule          text not null,
    -- What it is for.
    invitation_id uuid not null references sponsorship.invitations (invitation_id),
    points        integer not null,
    -- The gift that brought it, where one did.
    donation_id   uuid references money.donations (donation_id),
    awarded_at    timestamptz not null,
    matures_at    timestamptz not null,

    constraint awards_given_once unique (rule, invitation_id),
    constraint awards_given_one_after_the_other unique (place),
    constraint awards_rule_is_known check (rule in ('invitation_accepted', 'pot_opened', 'first_gift')),
    constraint awards_are_worth_something check (points > 0),
    constraint awards_for_a_gift_name_it check ((rule = 'first_gift') = (donation_id is not null)),
    constraint awards_mature_later check (matures_at >= awarded_at)
);

create index awards_of_a_user on sponsorship.awards (user_id, place desc);
create index awards_of_an_invitation on sponsorship.awards (invitation_id);
create index awards_for_a_gift on sponsorship.awards (donation_id) where donation_id is not null;

create table sponsorship.award_steps (
    award_id uuid not null references sponsorship.awards (award_id),
    stage    text not null,
    reason   text not null,
    -- Who did it by hand, and why, in their words.
    by_whom  text,
    note     text,
    at       timestamptz not null default clock_timestamp(),

    constraint award_steps_each_once primary key (award_id, stage),
    constraint award_steps_stage_is_known check (stage in ('matured', 'revoked')),
    constraint award_steps_have_their_reason check (
        (stage = 'matured' and reason in ('time', 'pot_settled'))
        or (stage = 'revoked' and reason in ('gift_refunded', 'pot_cancelled', 'by_hand'))
    ),
    constraint award_steps_by_hand_are_somebodys
        check ((reason = 'by_hand') = (by_whom is not null and note is not null))
);

create function sponsorship.refuse_rewriting_points() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'points are append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'points_are_append_only';
    end
    $$;

create trigger points_are_append_only
    before update or delete or truncate on sponsorship.awards
    for each statement execute function sponsorship.refuse_rewriting_points();
create trigger points_are_append_only
    before update or delete or truncate on sponsorship.award_steps
    for each statement execute function sponsorship.refuse_rewriting_points();

-- Where each award stands.
create view sponsorship.points with (security_invoker = true) as
    select award.*,
           case when revoked.stage is not null then 'revoked' when matured.stage is not null then 'matured' else 'pending' end
               as stage,
           coalesce(revoked.reason, matured.reason) as reason,
           coalesce(revoked.at, matured.at) as since,
           revoked.by_whom, revoked.note
    from sponsorship.awards award
    left join sponsorship.award_steps matured on matured.award_id = award.award_id and matured.stage = 'matured'
    left join sponsorship.award_steps revoked on revoked.award_id = award.award_id and revoked.stage = 'revoked';

do $$
declare
    guarded regclass;
begin
    foreach guarded in array array[
        'sponsorship.invitations', 'sponsorship.days', 'sponsorship.awards', 'sponsorship.award_steps'
    ]::regclass[] loop
        execute format('alter table %s enable row level security', guarded);
        execute format('alter table %s force row level security', guarded);
        execute format('create policy worker_acts_for_all on %s to wolo_worker using (true) with check (true)', guarded);
        execute format('create policy operator_sees_all on %s to current_user using (true) with check (true)', guarded);
    end loop;
end
$$;

grant select, insert, update on sponsorship.invitations to wolo_worker;
grant select, insert on sponsorship.awards, sponsorship.award_steps to wolo_worker;
grant select on sponsorship.points, sponsorship.days to wolo_worker;

-- A sponsor sees what they sent; whoever holds a link sees what it belongs to, and their looking is noted.
create policy invitations_are_seen_by_their_sponsor on sponsorship.invitations for select to wolo_api
    using (sponsor_id = (select ops.asker()) or (select ops.asker_is_staff()));
create policy invitations_are_seen_by_who_has_the_link on sponsorship.invitations for select to wolo_api
    using (token_hash = decode((select ops.claim('invitation')), 'hex'));
create policy links_are_followed on sponsorship.invitations for update to wolo_api
    using (token_hash = decode((select ops.claim('invitation')), 'hex'))
    with check (token_hash = decode((select ops.claim('invitation')), 'hex'));
create policy sponsors_invite on sponsorship.invitations for insert to wolo_api
    with check (sponsor_id = (select ops.asker()));
create policy sponsors_have_days on sponsorship.days to wolo_api
    using (sponsor_id = (select ops.asker())) with check (sponsor_id = (select ops.asker()));
create policy people_see_their_points on sponsorship.awards for select to wolo_api
    using (user_id = (select ops.asker()) or (select ops.asker_is_staff()));
-- The list of those who have the most is made for nobody in particular, from first names and points.
create policy leaders_are_known on sponsorship.awards for select to wolo_api
    using ((select ops.claim('role')) = 'leaders');
create policy steps_are_seen_with_their_award on sponsorship.award_steps for select to wolo_api
    using (award_id in (select award_id from sponsorship.awards));

grant select, insert (
          invitation_id, sponsor_id, sponsor_name, phone, email, relationship, token_hash, notice_id, expires_at
      ), update (opened_at) on sponsorship.invitations to wolo_api;
grant select, insert, update on sponsorship.days to wolo_api;
grant select on sponsorship.awards, sponsorship.award_steps, sponsorship.points to wolo_api;

-- A sponsor sees what became of the message. Of any other message this looks at one word.
create policy sponsors_see_what_brings_their_invitation on notices.notices for select to wolo_api
    using (
        event = 'invitation'
        and exists (select from sponsorship.invitations where invitations.notice_id = notices.notice_id)
    );
