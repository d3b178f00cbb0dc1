-- Where a message stands is looked up for every invitation that is counted. Its receipts are read once for that, and not twice: once
-- for all of its tries and once for the last.
create or replace view notices.standing with (security_invoker = true) as
    select notice.notice_id, notice.process, notice.event, notice.person, notice.kind, notice.category, notice.user_id,
           notice.pot_id, notice.opt_out, notice.created_at, notice.withheld, notice.given_up, notice.ended_at,
           last.channel, last.provider, last.number, last.state,
           case
               when told.furthest = 4 then 'read'
               when told.furthest = 3 then 'delivered'
               when notice.ended_at is not null then 'failed'
               when last.state = 'accepted' and coalesce(told.furthest_of_last, 1) <> 2 then 'accepted'
               else 'queued'
           end as stage
    from notices.notices notice
    left join lateral (
        select * from notices.attempts attempt
        where attempt.notice_id = notice.notice_id order by attempt.number desc limit 1
    ) last on true
    left join lateral (
        select max(fate) as furthest, max(fate) filter (where number = last.number) as furthest_of_last
        from (
            select receipt.number, array_position(array['sent', 'failed', 'delivered', 'read'], receipt.fate) as fate
            from notices.receipts receipt where receipt.notice_id = notice.notice_id
        ) receipts
    ) told on true;

-- Payouts that wait are counted every few seconds, among all that ever arrived.
create index payouts_that_wait on money.payouts (stage) where stage <> 'succeeded';

-- When the first people came is asked for with every figure that is taken.
create index users_by_age on people.users (created_at);
