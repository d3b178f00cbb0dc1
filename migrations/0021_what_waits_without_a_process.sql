-- What waits and has lost its process is found; what was given back by hand is booked once.

-- All that is due to go back, whatever pot it was given to.
create index donations_due on money.donations (pot_id, donation_id) where stage = 'refund_due';

-- A line that says that a gift was given back in Wave's portal, which takes it out of its pot.
alter table money.statement_lines
    drop constraint statement_lines_verdict_is_known,
    add constraint statement_lines_verdict_is_known
        check (verdict in ('matched', 'repair', 'given_back', 'under_way', 'odd'));

-- One run compares every day that nobody has compared since it was over, and has an account of each.
alter table money.reconciliations
    drop constraint reconciliations_pkey,
    add constraint reconciliations_one_account primary key (run, day);
create index reconciliations_whole on money.reconciliations (day) where whole;

-- Pots whose gifts are going back.
create index pots_cancelling on pots.pots (pot_id) where stage = 'cancelling';

-- Wave keeps its part of a gift in suspense as well.
alter table money.donations
    drop constraint donations_fee_within_the_gift,
    add constraint donations_fee_within_the_gift check (
        fee is null
        or (stage in ('confirmed', 'refund_due', 'refunded', 'suspended') and fee between 0 and paid_amount)
    );
