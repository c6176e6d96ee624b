-- Threat: a repeated request makes a second session or a second meeting at Zoom, or a lost answer loses the meeting.
\ir support/people.psql
\ir support/zoom.psql
select plan(42);

select pg_temp.as_user('trainer');
create temporary table answers (name text, answer jsonb);
grant all on answers to service_role;
insert into answers values ('first', pg_temp.create_session(pg_temp.request(), 'key-1'));
select is(pg_temp.create_session(pg_temp.request(), 'key-1'), (select answer from answers where name = 'first'),
  'KEY-01 the same key and body give the same session');
select is(pg_temp.outcome(pg_temp.request('{"title": "Another"}'), 'key-1'), 'idempotency_key_reused Idempotency-Key',
  'KEY-02 the same key and another body are refused');
select isnt(pg_temp.create_session(pg_temp.request(), 'key-2') #> '{session,id}',
  (select answer #> '{session,id}' from answers where name = 'first'), 'KEY-03 another key gives another session');
select is(pg_temp.outcome(pg_temp.request(), ''), 'invalid_field Idempotency-Key', 'KEY-04 an empty key is refused');
select is(pg_temp.outcome(pg_temp.request(), repeat('x', 256)), 'invalid_field Idempotency-Key',
  'KEY-05 and one of 256 characters');
select isnt(pg_temp.create_session(pg_temp.request()) #> '{session,id}',
  pg_temp.create_session(pg_temp.request()) #> '{session,id}', 'KEY-06 without a key every request makes a session');
select pg_temp.as_user('nutritionist');
select is(pg_temp.outcome(pg_temp.request('{"client_ids": []}'), 'key-1'), 'created',
  'KEY-07 a key is the caller''s own: another host''s is another key');
select pg_temp.as_user('trainer');
delete from video_sessions where id = (select (answer #>> '{session,id}')::uuid from answers where name = 'first');
select is(pg_temp.outcome(pg_temp.request(), 'key-1'), 'idempotency_key_spent Idempotency-Key',
  'KEY-08 a repeat does not bring a deleted session back');
select pg_temp.as_owner();
insert into video_sessions (id, host_id, provider, title, scheduled_start, duration_minutes, join_url)
  select (answer #>> '{session,id}')::uuid, pg_temp.id('nutritionist'), 'manual', 'Not yours', '2030-01-01Z', 30,
    'https://evil.example/x' from answers where name = 'first';
select pg_temp.as_user('trainer');
select is(pg_temp.outcome(pg_temp.request(), 'key-1'), 'idempotency_key_spent Idempotency-Key',
  'KEY-09 nor does it show what another host put in its place');

select pg_temp.as_user('nutritionist');
select is(pg_temp.outcome(pg_temp.zoom_request('{"client_ids": []}')), 'zoom_not_connected provider',
  'CLAIM-01 Zoom without a connection is refused');
select pg_temp.as_user('trainer');
insert into answers values ('claim', pg_temp.create_session(pg_temp.zoom_request(), 'zoom-1'));
select is((select answer ->> 'outcome' from answers where name = 'claim'), 'claimed', 'CLAIM-02 Zoom begins with a claim');
select is((select answer #> '{claim,reconcile}' from answers where name = 'claim'), 'false',
  'CLAIM-03 the first holder calls Zoom');
select is((select answer #>> '{zoom,access_token}' from answers where name = 'claim'), 'sealed access',
  'CLAIM-04 with the sealed tokens in the same answer');
select is(pg_temp.outcome(pg_temp.zoom_request(), 'zoom-1'), 'in_progress',
  'CLAIM-05 a second request waits while the lease is alive');
select is(pg_temp.outcome(pg_temp.zoom_request('{"title": "Another"}'), 'zoom-1'),
  'idempotency_key_reused Idempotency-Key', 'CLAIM-06 another body is refused meanwhile');
select is(pg_temp.visible('video_sessions where provider = ''zoom'''), '0', 'CLAIM-07 a claim is no session yet');

-- Expressions on the claim that `claim` holds.
create function pg_temp.claim(field text, name text default 'claim') returns uuid language sql as $$
  select (a.answer #>> array['claim', field])::uuid from answers a where a.name = claim.name
$$;
select pg_temp.as_service();
select is(commit_zoom_session(pg_temp.claim('id'), gen_random_uuid(), pg_temp.meeting()), '{"outcome": "lease_lost"}',
  'CLAIM-08 without the lease nothing is committed');
select is(release_zoom_claim(pg_temp.claim('id'), gen_random_uuid(), true), '{"released": false}',
  'CLAIM-09 or released');
select is(release_zoom_claim(pg_temp.claim('id'), null, true), '{"released": false}', 'CLAIM-10 not with none either');
select is(release_zoom_claim(pg_temp.claim('id'), pg_temp.claim('lease_id'), false), '{"released": true}',
  'CLAIM-11 the holder ends the lease');

select pg_temp.as_user('trainer');
insert into answers values ('retaken', public.create_video_session(pg_temp.zoom_request(), 'zoom-1',
  '{"passcode": "different1"}'));
select is((select answer #> '{claim,reconcile}' from answers where name = 'retaken'), 'true',
  'CLAIM-12 the next request takes the claim over, to look at Zoom first');
select is((select answer #>> '{claim,passcode}' from answers where name = 'retaken'), 'abc123defg',
  'CLAIM-13 with the passcode that the meeting was made with');
select is(pg_temp.claim('id', 'retaken'), pg_temp.claim('id'), 'CLAIM-14 it is the same claim');
select pg_temp.as_service();
select is(commit_zoom_session(pg_temp.claim('id'), pg_temp.claim('lease_id'), pg_temp.meeting()),
  '{"outcome": "lease_lost"}', 'CLAIM-15 the former holder commits nothing');
insert into answers values ('committed',
  commit_zoom_session(pg_temp.claim('id'), pg_temp.claim('lease_id', 'retaken'), pg_temp.meeting()));
select is((select answer ->> 'outcome' from answers where name = 'committed'), 'created', 'CLAIM-16 the new one commits');
select is((select answer #>> '{session,provider_meeting_id}' from answers where name = 'committed'), '777',
  'CLAIM-17 the session knows its meeting');
select is((select answer::text like '%zak%' from answers where name = 'committed'), false,
  'CLAIM-18 the answer has no start link');
select is((select host_start_url from video_session_host_meta), 'https://zoom.us/s/777?zak=secret',
  'CLAIM-19 which is kept for the host alone');
select is(commit_zoom_session(pg_temp.claim('id'), pg_temp.claim('lease_id'), pg_temp.meeting()),
  (select answer from answers where name = 'committed'), 'CLAIM-20 committing again answers the same session');
select is(release_zoom_claim(pg_temp.claim('id'), pg_temp.claim('lease_id', 'retaken'), true), '{"released": false}',
  'CLAIM-21 a committed claim cannot be released');
select is((select count(*) from video_session_participants p join video_sessions s on s.id = p.session_id
  where s.provider_meeting_id = '777'), 2::bigint, 'CLAIM-22 host and client take part');
select is((select status from private.outbox where id = pg_temp.claim('id')), 'done',
  'CLAIM-23 the outbox has nothing to do');
select pg_temp.as_user('trainer');
select is(pg_temp.create_session(pg_temp.zoom_request(), 'zoom-1'), (select answer from answers where name = 'committed'),
  'CLAIM-24 the key now answers the session');

insert into answers values ('released', pg_temp.create_session(pg_temp.zoom_request(), 'zoom-2'));
select pg_temp.as_service();
select is(release_zoom_claim(pg_temp.claim('id', 'released'), pg_temp.claim('lease_id', 'released'), true),
  '{"released": true}', 'CLAIM-25 a claim that made nothing is released');
select is((select count(*) from private.outbox where id = pg_temp.claim('id', 'released')), 0::bigint,
  'CLAIM-26 and leaves nothing to do');
select pg_temp.as_user('trainer');
insert into answers values ('again', pg_temp.create_session(pg_temp.zoom_request('{"title": "Anew"}'), 'zoom-2'));
select is((select answer #> '{claim,reconcile}' from answers where name = 'again'), 'false',
  'CLAIM-27 its key starts afresh, with another body too');
select pg_temp.as_owner();
update private.outbox set leased_until = now() - interval '1 second' where id = pg_temp.claim('id', 'again');
select pg_temp.as_user('trainer');
select is(pg_temp.create_session(pg_temp.zoom_request('{"title": "Anew"}'), 'zoom-2') #> '{claim,reconcile}', 'true',
  'CLAIM-28 a lapsed lease is taken over');

select is(pg_temp.outcome(pg_temp.zoom_request('{"join_url": "https://zoom.us/j/1?pwd=x"}')), 'created',
  'CLAIM-29 a pasted Zoom link needs no claim');
select is((select count(*) from video_sessions where join_url = 'https://zoom.us/j/1?pwd=x'
  and provider_meeting_id is null), 1::bigint, 'CLAIM-30 and its meeting is not ours');
select throws_like($$select create_video_session(pg_temp.zoom_request(), 'zoom-3', '{"passcode": "12345678901"}')$$,
  '%passcode%', 'CLAIM-31 a passcode longer than Zoom''s ten characters is refused');
select throws_like($$select create_video_session(pg_temp.zoom_request(), 'zoom-3', null)$$,
  '%passcode%', 'CLAIM-32 and so is none, by which the meeting could not be found again');
select pg_temp.as_owner();
update user_integrations_zoom set status = 'reconnect_required';
select pg_temp.as_user('trainer');
select is(pg_temp.outcome(pg_temp.zoom_request(), 'zoom-3'), 'zoom_reconnect_required provider',
  'CLAIM-33 a dead connection is told');

select * from finish();
rollback;
