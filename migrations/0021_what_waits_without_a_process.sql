-- What waits and has lost its process is found; what was given back by hand is booked once.

-- All that is due to go back, whatever pot it was given to.
create index donations_due on money.donations (pot_id, donation_id) where stage = 'refund_due';
