-- Messages to people: each once per event and person, the ways it was tried on, and what its providers told of it.
--
-- What a message says is not kept here: it travels sealed, in the outbox and in its process, and ends with them.

create schema notices;
grant usage on schema notices to wolo_worker, wolo_api;

create table notices.notices (
    notice_id      uuid primary key,
    -- The process that brings it.
    process        text not null,
    event          text not null,
    -- Who it is for, in the word that events have for them.
    person         text not null,
    kind           text not null,
    category       text not null,
    user_id        uuid references people.users (user_id),
    pot_id         uuid references pots.pots (pot_id),
    -- Whoever has this may say that they want no more of its category. It stands in the message alone.
    opt_out        text not null default pots.new_slug(),
    created_at     timestamptz not null default clock_timestamp(),
    -- Why it does not go out at all.
    withheld       text,
    -- Every way was tried in vain; the last reason.
    given_up       text,
    ended_at       timestamptz,

    constraint notices_one_per_event_and_person unique (event, person),
    constraint notices_opt_out_is_unique unique (opt_out),
    constraint notices_withheld_is_known check (withheld in ('muted', 'expired', 'no_channel')),
    constraint notices_end_at_an_instant
        check ((ended_at is null) = (withheld is null and given_up is null) and num_nonnulls(withheld, given_up) <= 1)
);

create index notices_of_a_user on notices.notices (user_id, created_at desc, notice_id desc);
create index notices_of_a_person on notices.notices (person, created_at desc);
create index notices_by_age on notices.notices (created_at desc, notice_id desc);

-- One try to hand a message to a provider. It is written before the call: who finds one without an answer does not know
-- whether the message went out, and must not send it again.
create table notices.attempts (
    notice_id   uuid not null references notices.notices (notice_id),
    number      integer not null,
    channel     text not null,
    provider    text not null,
    state       text not null default 'sending',
    provider_id text,
    -- The provider's word for why not.
    code        text,
    sent_at     timestamptz not null default clock_timestamp(),
    answered_at timestamptz,

    constraint attempts_are_numbered primary key (notice_id, number),
    constraint attempts_channel_is_known check (channel in ('whatsapp', 'sms', 'email', 'push')),
    constraint attempts_state_is_known check (state in ('sending', 'accepted', 'refused', 'unknown')),
    constraint attempts_accepted_under_a_name check (state <> 'accepted' or provider_id is not null),
    constraint attempts_refused_with_a_code check (state <> 'refused' or code is not null)
);

-- A receipt names the message as its provider does.
create unique index attempts_by_provider_id on notices.attempts (provider, provider_id) where provider_id is not null;
create index attempts_by_hour on notices.attempts (sent_at);

-- What providers told, once per event of theirs. Receipts come twice, late and in any order; a message stands where the
-- furthest of them says.
create table notices.receipts (
    provider    text not null,
    event_id    text not null,
    notice_id   uuid not null,
    number      integer not null,
    fate        text not null,
    code        text,
    -- By the provider's clock.
    at          timestamptz not null,
    received_at timestamptz not null default clock_timestamp(),

    constraint receipts_one_per_event primary key (provider, event_id),
    constraint receipts_are_about_an_attempt
        foreign key (notice_id, number) references notices.attempts (notice_id, number),
    constraint receipts_fate_is_known check (fate in ('sent', 'failed', 'delivered', 'read'))
);

create index receipts_of_a_notice on notices.receipts (notice_id, number);

-- Who wants nothing more on a channel. An opt-out that ended stays, so that one can tell what was wanted when.
create table notices.opt_outs (
    channel  text not null,
    address  text not null,
    since    timestamptz not null default clock_timestamp(),
    -- How we know: a reply, the provider, the person's own settings, somebody who works here.
    how      text not null,
    ended_at timestamptz,

    constraint opt_outs_said_once primary key (channel, address, since),
    constraint opt_outs_channel_is_known check (channel in ('whatsapp', 'sms', 'email', 'push'))
);

create unique index opt_outs_one_open on notices.opt_outs (channel, address) where ended_at is null;

-- When somebody last wrote to us on WhatsApp: for a day after it we may answer in free words.
create table notices.conversations (
    address         text primary key,
    last_inbound_at timestamptz not null
);

-- Phones that take push messages.
create table notices.devices (
    device_id  uuid primary key,
    user_id    uuid not null references people.users (user_id),
    token      text not null,
    platform   text not null,
    created_at timestamptz not null default clock_timestamp(),
    -- The provider said that nobody is there any more, or its owner took it away.
    gone_at    timestamptz,

    constraint devices_token_is_bounded check (char_length(token) between 1 and 4096),
    constraint devices_platform_is_known check (platform in ('android', 'ios', 'web'))
);

create unique index devices_one_per_token on notices.devices (token) where gone_at is null;
create index devices_of_a_user on notices.devices (user_id) where gone_at is null;

-- In which order somebody wants to be reached; absent: ours.
alter table people.preferences
    add column channels text[],
    add constraint preferences_channels_are_known check (channels <@ array['whatsapp', 'sms', 'email', 'push']);

-- Whoever carries an event on takes it for a while, so that two workers do not both do the same work.
alter table ops.outbox add column taken_until timestamptz;

-- Where a message stands: the furthest that anybody has told.
create view notices.standing with (security_invoker = true) as
    select notice.*, last.channel, last.provider, last.number, last.state,
           case
               when told.furthest = 4 then 'read'
               when told.furthest = 3 then 'delivered'
               when notice.ended_at is not null then 'failed'
               when last.state = 'accepted' and coalesce(told_last.furthest, 1) <> 2 then 'accepted'
               else 'queued'
           end as stage
    from notices.notices notice
    left join lateral (
        select * from notices.attempts attempt
        where attempt.notice_id = notice.notice_id order by attempt.number desc limit 1
    ) last on true
    left join lateral (
        select max(array_position(array['sent', 'failed', 'delivered', 'read'], receipt.fate)) as furthest
        from notices.receipts receipt where receipt.notice_id = notice.notice_id
    ) told on true
    left join lateral (
        select max(array_position(array['sent', 'failed', 'delivered', 'read'], receipt.fate)) as furthest
        from notices.receipts receipt where receipt.notice_id = notice.notice_id and receipt.number = last.number
    ) told_last on true;

do $$
declare
    guarded regclass;
begin
    foreach guarded in array array[
        'notices.notices', 'notices.attempts', 'notices.receipts', 'notices.opt_outs', 'notices.conversations',
        'notices.devices'
    ]::regclass[] loop
        execute format('alter table %s enable row level security', guarded);
        execute format('alter table %s force row level security', guarded);
        execute format('create policy worker_acts_for_all on %s to wolo_worker using (true) with check (true)', guarded);
        execute format('create policy operator_sees_all on %s to current_user using (true) with check (true)', guarded);
    end loop;
end
$$;

grant select, insert, update on all tables in schema notices to wolo_worker;
-- What people want to hear, and who is told what goes wrong.
grant select on people.preferences, people.roles to wolo_worker;

-- People see their messages and who works here sees all; a provider whose word has been checked tells of any.
create policy people_see_their_messages on notices.notices for select to wolo_api
    using (
        user_id = (select ops.asker())
        or (select ops.claim('role')) = 'messenger'
        or (select ops.asker_is_staff())
    );
create policy attempts_are_seen_with_their_message on notices.attempts for select to wolo_api
    using (notice_id in (select notice_id from notices.notices));
create policy receipts_are_seen_with_their_message on notices.receipts for select to wolo_api
    using (notice_id in (select notice_id from notices.notices));
create policy messengers_bring_receipts on notices.receipts for insert to wolo_api
    with check ((select ops.claim('role')) = 'messenger');
create policy messengers_tell_who_stops on notices.opt_outs to wolo_api
    using ((select ops.claim('role')) = 'messenger') with check ((select ops.claim('role')) = 'messenger');
create policy messengers_tell_who_writes on notices.conversations to wolo_api
    using ((select ops.claim('role')) = 'messenger') with check ((select ops.claim('role')) = 'messenger');
create policy people_have_devices on notices.devices to wolo_api
    using (user_id = (select ops.asker())) with check (user_id = (select ops.asker()));

grant select on notices.notices, notices.attempts, notices.standing to wolo_api;
grant select, insert on notices.receipts to wolo_api;
grant select, insert, update on notices.opt_outs, notices.conversations, notices.devices to wolo_api;

-- A phone that changes hands takes its token along. Whoever registers it cannot see the row of its former owner, so this
-- looks for them: it ends that row and tells nothing.
create function notices.release_device(device_token text, new_owner uuid) returns void
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
    as $$
        update notices.devices set gone_at = clock_timestamp()
        where token = device_token and gone_at is null and user_id <> new_owner
    $$;

revoke execute on function notices.release_device(text, uuid) from public;
grant execute on function notices.release_device(text, uuid) to wolo_api;

-- A try whose call was never made is taken back.
grant delete on notices.attempts to wolo_worker;
