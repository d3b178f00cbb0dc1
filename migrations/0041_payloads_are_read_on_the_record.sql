-- The API decrypts what processes carry for those who work here and look at the engine's pages. Whoever sees it is written down
-- first, in the outbox from which the audit trail is made.
--
-- In that the API had no word until now, and has only this one: that the caller of this transaction, who works here, has read
-- payloads. It can say it of nobody else, and nothing else of anybody.

create policy whoever_reads_payloads_is_noted on ops.outbox for insert to wolo_api
    with check (
        topic = 'audit' and pot_id is null and user_id is null and sealed is null
        and (select ops.asker_is_staff())
        and payload ->> 'by' = 'usr_' || replace((select ops.asker())::text, '-', '')
        and payload #>> '{happening,action}' = 'payloads_decoded'
    );
