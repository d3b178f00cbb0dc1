-- Whether an invitation brings points is judged again until they have matured, and what was found then stands with the award. What
-- somebody wrote down when they took points back is for those who work here: the API cannot read it.

alter table sponsorship.invitations drop constraint invitations_no_points_is_known;
alter table sponsorship.invitations add constraint invitations_no_points_is_known check (
    no_points in ('oneself', 'cycle', 'same_phone', 'same_payout_number', 'under_review', 'no_phone')
);

alter table sponsorship.award_steps drop constraint award_steps_have_their_reason;
alter table sponsorship.award_steps add constraint award_steps_have_their_reason check (
    (stage = 'matured' and reason in ('time', 'pot_settled'))
    or (stage = 'revoked' and reason in (
        'gift_refunded', 'pot_cancelled', 'by_hand',
        'oneself', 'cycle', 'same_phone', 'same_payout_number', 'under_review', 'no_phone'
    ))
);

-- A view with its caller's powers asks for each column that it names, so those that the API cannot read leave it.
drop view sponsorship.points;
create view sponsorship.points with (security_invoker = true) as
    select award.*,
           case when revoked.stage is not null then 'revoked' when matured.stage is not null then 'matured' else 'pending' end
               as stage,
           coalesce(revoked.reason, matured.reason) as reason,
           coalesce(revoked.at, matured.at) as since
    from sponsorship.awards award
    left join sponsorship.award_steps matured on matured.award_id = award.award_id and matured.stage = 'matured'
    left join sponsorship.award_steps revoked on revoked.award_id = award.award_id and revoked.stage = 'revoked';

grant select on sponsorship.points to wolo_worker, wolo_api;
revoke select on sponsorship.award_steps from wolo_api;
grant select (award_id, stage, reason, at) on sponsorship.award_steps to wolo_api;
