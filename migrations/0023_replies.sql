-- What people say back about messages: it counts once, whatever is repeated, and in the order in which it was said. Whoever
-- has the link that stands in a mail may say that they want no more of it; no other secret is asked of them.
--
-- Two more claims say what a caller holds: `opt_out`, the secret of such a link, and `device`, the token of a phone.

-- When it was said, by the clock of whoever heard it first: a reply that lay on its way does not undo a later one.
alter table notices.opt_outs add column said_at timestamptz not null default clock_timestamp();

-- What was heard already, by its provider's name for it.
create table notices.heard (
    provider text not null,
    event_id text not null,
    heard_at timestamptz not null default clock_timestamp(),

    constraint heard_once primary key (provider, event_id)
);

alter table notices.heard enable row level security;
alter table notices.heard force row level security;
create policy worker_acts_for_all on notices.heard to wolo_worker using (true) with check (true);
create policy operator_sees_all on notices.heard to current_user using (true) with check (true);
create policy messengers_hear_once on notices.heard to wolo_api
    using ((select ops.claim('role')) = 'messenger') with check ((select ops.claim('role')) = 'messenger');
grant select, insert on notices.heard to wolo_api, wolo_worker;

-- Where a mail goes that can be refused and whose reader has no account: there is nowhere else to look when they refuse it.
alter table notices.notices
    add column mail_to text,
    add constraint notices_keep_an_address_only_without_an_account check (mail_to is null or user_id is null);

create policy who_has_the_link_sees_its_message on notices.notices for select to wolo_api
    using (opt_out = (select ops.claim('opt_out')));
create policy who_has_the_link_mutes_its_category on people.preferences to wolo_api
    using (user_id in (
        select notice.user_id from notices.notices notice where notice.opt_out = (select ops.claim('opt_out'))))
    with check (user_id in (
        select notice.user_id from notices.notices notice where notice.opt_out = (select ops.claim('opt_out'))));
create policy who_has_the_link_closes_its_address on notices.opt_outs to wolo_api
    using (channel = 'email' and address in (
        select notice.mail_to from notices.notices notice where notice.opt_out = (select ops.claim('opt_out'))))
    with check (channel = 'email' and address in (
        select notice.mail_to from notices.notices notice where notice.opt_out = (select ops.claim('opt_out'))));

-- A phone that changes hands takes its token along. Whoever shows the token may end what its former owner has of it: no
-- function needs more powers than its caller for that.
drop function notices.release_device(text, uuid);
create policy who_has_a_phone_finds_it on notices.devices for select to wolo_api
    using (token = (select ops.claim('device')));
create policy who_has_a_phone_takes_it on notices.devices for update to wolo_api
    using (token = (select ops.claim('device')))
    with check (token = (select ops.claim('device')) and gone_at is not null);
