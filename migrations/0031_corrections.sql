-- A birth date that is corrected may show that a pot was never a minor's: the hold for consent was a mistake and is lifted, though
-- no guardian has consented. Should the date turn out to be a minor's after all, the guardian is still to be asked; a consent that
-- was given counts from then on. The two releases have to be told apart.

alter table pots.holds
    add column mistaken boolean not null default false,
    add constraint holds_mistaken_are_released check (not mistaken or released_at is not null);

-- The API tells scrapers of the last day that was swept, so that whoever watches them hears of a sweep that lives no more when no
-- worker lives either.
grant select (day) on pots.sweeps to wolo_api;
