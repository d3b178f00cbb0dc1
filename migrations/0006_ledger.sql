-- The ledger: the only truth about money. Append-only, and balanced by the database itself.

create table money.ledger_transactions (
    transaction_id uuid primary key,
    kind           text not null,
    -- The thing it is about, such as a donation's id.
    business_key   text not null,
    -- Who moved the money, and under which name they know the movement. Some facts (a fee) have no name there.
    provider       text,
    provider_tx_id text,
    posted_at      timestamptz not null default clock_timestamp(),
    -- The database transaction that wrote the row. It lets the entries prove that they were written together
    -- with it: a ledger transaction is complete when it is committed, and gains nothing later.
    posted_in      xid8 not null default pg_current_xact_id(),

    constraint ledger_transactions_posted_once unique (kind, business_key),
    constraint ledger_transactions_one_per_movement unique (provider, provider_tx_id),
    constraint ledger_transactions_kind_is_known check (kind in (
        'donation', 'late_donation', 'odd_donation', 'donation_fee', 'refund', 'payout', 'payout_fee'
    )),
    constraint ledger_transactions_movement_is_whole check ((provider is null) = (provider_tx_id is null)),
    constraint ledger_transactions_provider_is_known check (provider = 'wave'),
    constraint ledger_transactions_are_about_something check (business_key <> '')
);

create table money.ledger_entries (
    transaction_id uuid not null references money.ledger_transactions (transaction_id),
    account        text not null,
    -- Positive where money arrives, negative where it leaves.
    amount         bigint not null,
    -- The pot of a pot's account, read from the account's name so that the two cannot differ, and indexed so that
    -- a pot's balance is one short walk. No balance is stored anywhere: a hot pot has no hot row.
    pot_id         uuid generated always as (
        case when account like 'pot:pot\_%' then substr(account, 9)::uuid end
    ) stored references pots.pots (pot_id),

    constraint ledger_entries_one_per_account primary key (transaction_id, account),
    constraint ledger_entries_move_something check (amount <> 0),
    constraint ledger_entries_account_is_known check (
        account in ('wave_float', 'fees', 'refunds_due', 'promotions', 'suspense')
        or account ~ '^pot:pot_[0-9a-f]{32}$'
    )
);

create index ledger_entries_of_a_pot on money.ledger_entries (pot_id) include (amount) where pot_id is not null;
create index ledger_entries_of_an_account on money.ledger_entries (account) include (amount) where pot_id is null;

-- Balance, proven at commit: at least two entries, and they sum to zero. The trigger stands on both tables, so a
-- transaction without any entry is caught too.
create function money.refuse_unbalanced_transaction() returns trigger
    language plpgsql
    as $$
    declare
        entries bigint;
        total   numeric;
    begin
        select count(*), coalesce(sum(amount), 0) into entries, total
        from money.ledger_entries
        where transaction_id = new.transaction_id;
        if entries < 2 or total <> 0 then
            raise exception 'ledger transaction % has % entries that sum to %', new.transaction_id, entries, total
                using errcode = 'check_violation',
                      schema = 'money', table = 'ledger_entries', constraint = 'ledger_transactions_are_balanced';
        end if;
        return null;
    end
    $$;

create constraint trigger ledger_transactions_are_balanced
    after insert on money.ledger_transactions
    deferrable initially deferred
    for each row execute function money.refuse_unbalanced_transaction();

create constraint trigger ledger_entries_are_balanced
    after insert on money.ledger_entries
    deferrable initially deferred
    for each row execute function money.refuse_unbalanced_transaction();

create function money.refuse_late_entry() returns trigger
    language plpgsql
    as $$
    begin
        if not exists (
            select from money.ledger_transactions
            where transaction_id = new.transaction_id and posted_in = pg_current_xact_id()
        ) then
            raise exception 'ledger transaction % is complete and takes no more entries', new.transaction_id
                using errcode = 'check_violation',
                      schema = 'money', table = 'ledger_entries', constraint = 'ledger_entries_written_with_transaction';
        end if;
        return new;
    end
    $$;

create trigger ledger_entries_written_with_transaction
    before insert on money.ledger_entries
    for each row execute function money.refuse_late_entry();

-- Append-only, for everybody: the owner too. Statement triggers fire even where no row would be touched.
create function money.refuse_rewriting_history() returns trigger
    language plpgsql
    as $$
    begin
        raise exception 'the ledger is append-only: % on % is refused', lower(tg_op), tg_table_name
            using errcode = 'restrict_violation',
                  schema = tg_table_schema, table = tg_table_name, constraint = 'ledger_is_append_only';
    end
    $$;

create trigger ledger_is_append_only
    before update or delete or truncate on money.ledger_transactions
    for each statement execute function money.refuse_rewriting_history();

create trigger ledger_is_append_only
    before update or delete or truncate on money.ledger_entries
    for each statement execute function money.refuse_rewriting_history();

-- The worker names what happened; when it was posted, and by which transaction, the database writes itself.
grant select on money.ledger_transactions, money.ledger_entries to wolo_worker, wolo_api;
grant insert (transaction_id, kind, business_key, provider, provider_tx_id) on money.ledger_transactions to wolo_worker;
grant insert (transaction_id, account, amount) on money.ledger_entries to wolo_worker;
