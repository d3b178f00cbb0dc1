-- The hourly look for steps that were due and have not been done. Pots that have ended are many and those that go on are few, so
-- each look reads the few alone.

create index pots_due_to_open on pots.pots (opens_at) where stage = 'scheduled';
create index pots_due_to_close on pots.pots (closes_at) where stage = 'open';
create index pots_due_to_pay_out on pots.pots (closed_at) where stage = 'closed';
