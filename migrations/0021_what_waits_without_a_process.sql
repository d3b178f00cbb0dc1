-- What waits and has lost its process is found; what was given back by hand is booked once.

-- All that is due to go back, whatever pot it was given to.
create index donations_due on money.donations (pot_id, donation_id) where stage = 'refund_due';

-- A line that says that a gift was given back in Wave's portal, which takes it out of its pot.
alter table money.statement_lines
    drop constraint statement_lines_verdict_is_known,
    add constraint statement_lines_verdict_is_known
        check (verdict in ('matched', 'repair', 'given_back', 'under_way', 'odd'));
