-- How often an order was begun. What Wave answers to one call says nothing of another that is still on its way, so a refusal
-- of the first call is written down only while nobody has begun the order again.
alter table money.payout_orders
    add column begun integer not null default 1,
    add constraint payout_orders_begun_at_least_once check (begun >= 1);
