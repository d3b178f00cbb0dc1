-- What erasing a minor takes away of their guardian: where one is reached, and the name. What was agreed to stays.

grant delete on minors.guardians to wolo_worker;

-- Whether consent is needed is asked anew each time since 0033; that a hold should never have been is written no more.
comment on column pots.holds.mistaken is 'not written since 0037';
