-- What pots announce comes by the thousand at eight in the morning. Whatever else is to be told is found without looking through that.
-- `outbox_waiting` stays for the release before this one.
create index outbox_waiting_by_way
    on ops.outbox ((case topic when 'pot_announced' then 1 else 0 end), created_at, outbox_id)
    where relayed_at is null;
