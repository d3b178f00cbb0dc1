-- Who was signed in when a backup was made is not signed in when it is brought back.
alter table people.sessions
    drop constraint sessions_end_is_known,
    add constraint sessions_end_is_known check (ended_why in (
        'signed_out', 'password_changed', 'token_reused', 'locked', 'role_changed', 'account_closed', 'brought_back'
    ));
