-- Threat: an effect is lost, done by two workers at once, or retried for ever.
\ir support/people.psql
\ir support/video_sessions.psql
\ir support/zoom.psql
select plan(48);

create temporary table answers (name text, answer jsonb);
grant all on answers to authenticated, service_role;
-- One effect of an answer of claim_outbox, and its result for settle_outbox.
create function pg_temp.effect(name text, index integer default 0) returns jsonb language sql as $$
  select a.answer -> 'effects' -> index from answers a where a.name = effect.name
$$;
create function pg_temp.result(effect jsonb, outcome text) returns jsonb language sql as $$
  select jsonb_build_array(jsonb_build_object('id', effect -> 'id', 'lease_id', effect -> 'lease_id',
    'outcome', outcome, 'error', 'zoom said no'))
$$;
-- Makes every effect due.
create function pg_temp.let_time_pass() returns void language sql security definer as $$
  update private.outbox set available_at = now() - interval '1 second', leased_until = now() - interval '1 second'
$$;

select pg_temp.as_user('trainer');
update video_sessions set status = 'live' where id = pg_temp.id('session');
update video_sessions set status = 'cancelled' where id = pg_temp.id('direct_session');
select pg_temp.as_owner();
select is((select count(*) from private.outbox), 0::bigint,
  'OUT-01 starting a session, or cancelling one without a meeting of ours, enqueues nothing');
select pg_temp.as_user('trainer');
update video_sessions set status = 'cancelled' where id = pg_temp.id('zoom_session');
update video_sessions set status = 'cancelled' where id = pg_temp.id('zoom_session');
select pg_temp.as_user('nutritionist');
delete from video_sessions where id = pg_temp.id('foreign_session');
select pg_temp.as_user('trainer');
delete from video_sessions where id = pg_temp.id('zoom_session');
select pg_temp.as_owner();
select results_eq('select payload ->> ''meeting_id'' from private.outbox order by 1', array['555', '666'],
  'OUT-02 cancelling or deleting through PostgREST ends the meeting at Zoom, once');
select results_eq('select distinct kind from private.outbox', array['zoom.delete_meeting'], 'OUT-03 as an effect');
delete from private.outbox where host_id = pg_temp.id('nutritionist');

select pg_temp.as_service();
insert into answers values ('claimed', claim_outbox(10)), ('none', claim_outbox(10));
select is(jsonb_array_length((select answer -> 'effects' from answers where name = 'claimed')), 1,
  'OUT-04 a worker claims what is due');
select is(pg_temp.effect('claimed') #>> '{payload,meeting_id}', '555', 'OUT-05 with its payload');
select is(pg_temp.effect('claimed') #>> '{zoom,access_token}', 'sealed access', 'OUT-06 and the grant of its host');
select is((select attempts from private.outbox), 1, 'OUT-07 as a first attempt');
select is((select answer from answers where name = 'none'), '{"effects": []}', 'OUT-08 a second worker gets nothing');
select is(settle_outbox(jsonb_build_array(pg_temp.effect('claimed') || '{"outcome": "done"}'
    || jsonb_build_object('lease_id', gen_random_uuid()))), '{"settled": 0}', 'OUT-09 another lease settles nothing');
select is(settle_outbox(jsonb_build_array((pg_temp.effect('claimed') || '{"outcome": "done"}') - 'lease_id')),
  '{"settled": 0}', 'OUT-10 nor does none');
select is(settle_outbox(pg_temp.result(pg_temp.effect('claimed'), 'retry')), '{"settled": 1}',
  'OUT-11 the holder asks for a retry');
select is((select available_at - now() from private.outbox), interval '60 seconds', 'OUT-12 which waits');
select is(claim_outbox(10), '{"effects": []}', 'OUT-13 and is not handed out before');
select is(settle_outbox(pg_temp.result(pg_temp.effect('claimed'), 'done')), '{"settled": 0}',
  'OUT-14 the lease ended with the retry');

select pg_temp.let_time_pass();
insert into answers values ('second', claim_outbox(10));
select is((select attempts from private.outbox), 2, 'OUT-15 the second attempt');
select pg_temp.let_time_pass();
insert into answers values ('third', claim_outbox(10));
select is((select attempts from private.outbox), 3, 'OUT-16 a worker that dies loses its lease to the next');
select is(settle_outbox(pg_temp.result(pg_temp.effect('second'), 'done')), '{"settled": 0}',
  'OUT-17 and settles nothing when it comes back');
update private.outbox set attempts = 9;
select settle_outbox(pg_temp.result(pg_temp.effect('third'), 'retry'));
select is((select available_at - now() from private.outbox), interval '1 hour', 'OUT-18 the wait ends at an hour');
update private.outbox set attempts = 11;
select pg_temp.let_time_pass();
insert into answers values ('twelfth', claim_outbox(10));
select settle_outbox(pg_temp.result(pg_temp.effect('twelfth'), 'retry'));
select is((select status from private.outbox), 'dead', 'OUT-19 the twelfth failure is the last');
select is((select count(*) from notifications where user_id = pg_temp.id('trainer')
  and type = 'zoom_action_needed'), 1::bigint, 'OUT-20 and the host is told');
select pg_temp.let_time_pass();
select is(claim_outbox(10), '{"effects": []}', 'OUT-21 a dead letter is not handed out');
update private.outbox set status = 'pending', attempts = 12;
select claim_outbox(10);
select is((select status from private.outbox), 'dead', 'OUT-22 a handler that always dies ends as a dead letter too');

select pg_temp.as_user('trainer');
select is(pg_temp.attempt('select outbox_health()'), 'not_an_admin', 'OUT-23 a host cannot see the outbox''s health');
select pg_temp.as_anon();
select is(pg_temp.attempt('select outbox_health()'), '42501', 'OUT-24 nor anon');
select pg_temp.as_user('admin');
select is(outbox_health() - 'dead_letters', '{"backlog": 0, "oldest_age_seconds": null, "dead": 1}',
  'OUT-25 an admin can');
select is(outbox_health() #>> '{dead_letters,0,error}', 'its handler never answered', 'OUT-26 with the reason');
select is(outbox_health()::text like '%meeting_id%', false, 'OUT-27 without payloads');
select pg_temp.as_service();
select is(outbox_health() -> 'dead', '1', 'OUT-28 and so can the service');
delete from private.outbox;

-- A claim of create-video-session is an effect as well.
select pg_temp.as_user('trainer');
insert into answers values ('claim', pg_temp.create_session(pg_temp.zoom_request(), 'zoom'));
select pg_temp.as_service();
update private.outbox set available_at = now();
select is(claim_outbox(10), '{"effects": []}', 'OUT-29 the outbox leaves a claim alone while its handler holds the lease');
select pg_temp.let_time_pass();
insert into answers values ('settling', claim_outbox(10));
select is(pg_temp.effect('settling') ->> 'kind', 'zoom.settle_claim', 'OUT-30 and takes it over when it lapsed');
select is(pg_temp.effect('settling') -> 'payload', '{"topic": "First session", "passcode": "abc123defg",
    "scheduled_start": "2030-05-01T10:00:00Z"}', 'OUT-31 with what identifies the meeting');
select is(commit_zoom_session((select (answer #>> '{claim,id}')::uuid from answers where name = 'claim'),
    (select (answer #>> '{claim,lease_id}')::uuid from answers where name = 'claim'), pg_temp.meeting()),
  '{"outcome": "lease_lost"}', 'OUT-32 the handler that comes back late commits nothing');
select pg_temp.as_user('trainer');
select is(pg_temp.outcome(pg_temp.zoom_request(), 'zoom'), 'in_progress', 'OUT-33 a repeat waits for the outbox');
select pg_temp.as_service();
select is(settle_outbox(pg_temp.result(pg_temp.effect('settling'), 'done')), '{"settled": 1}', 'OUT-34 the outbox undid it');
select is(commit_zoom_session((select (answer #>> '{claim,id}')::uuid from answers where name = 'claim'),
    (select (answer #>> '{claim,lease_id}')::uuid from answers where name = 'claim'), pg_temp.meeting()),
  '{"outcome": "undone"}', 'OUT-43 and a handler that comes back after that commits nothing either');
select is((select payload ->> 'meeting_id' from private.outbox where kind = 'zoom.delete_meeting' and status = 'pending'),
  pg_temp.meeting() ->> 'id', 'OUT-44 its meeting is deleted');
delete from private.outbox where kind = 'zoom.delete_meeting';
select pg_temp.as_user('trainer');
select is(pg_temp.create_session(pg_temp.zoom_request(), 'zoom') #> '{claim,reconcile}', 'false',
  'OUT-35 and the key starts afresh');
select pg_temp.as_service();
select pg_temp.let_time_pass();
update private.outbox set attempts = 11;
insert into answers values ('given up', claim_outbox(10));
select settle_outbox(pg_temp.result(pg_temp.effect('given up'), 'retry'));
select pg_temp.as_user('trainer');
select is(pg_temp.create_session(pg_temp.zoom_request(), 'zoom') #> '{claim,reconcile}', 'true',
  'OUT-36 a claim that was given up is taken up again when its host asks');
select pg_temp.as_service();
insert into private.outbox (kind, host_id, payload)
  select 'zoom.delete_meeting', pg_temp.id('trainer'), '{"meeting_id": "1"}' from generate_series(1, 100);
select pg_temp.as_user('trainer');
select is(pg_temp.outcome(pg_temp.zoom_request(), 'one too many'), 'too_many_pending',
  'OUT-45 a host cannot fill the outbox');
select is(pg_temp.outcome(pg_temp.zoom_request() || jsonb_build_object('title', repeat('x', 70000)), 'large'), 'too_large',
  'OUT-46 nor the keys');

-- Two effects of a host whose token has to be refreshed.
select pg_temp.as_service();
delete from private.idempotency_keys;
delete from private.outbox;
insert into private.outbox (kind, host_id, payload) values
  ('zoom.delete_meeting', pg_temp.id('trainer'), '{"meeting_id": "1"}'),
  ('zoom.delete_meeting', pg_temp.id('trainer'), '{"meeting_id": "2"}'),
  ('zoom.delete_meeting', pg_temp.id('trainer'), '{"meeting_id": "3"}');
update user_integrations_zoom set expires_at = now();
insert into answers values ('refresh', claim_outbox(10));
select is((select jsonb_array_length(answer -> 'effects') from answers where name = 'refresh'), 2,
  'OUT-37 a host has two of them in one delivery at most');
select is(array[pg_temp.effect('refresh', 0) -> 'zoom' ->> 'refresh_lease', (select lease_id::text from private.zoom_refresh_leases)],
  array[null, null]::text[], 'OUT-38 and nobody refreshes before its turn');

-- Housekeeping.
insert into private.idempotency_keys (caller_id, function_name, key, request, resource_id, created_at)
  values (pg_temp.id('trainer'), 'f', 'old', '{}', gen_random_uuid(), now() - interval '25 hours'),
    (pg_temp.id('trainer'), 'f', 'young', '{}', gen_random_uuid(), now() - interval '23 hours');
insert into private.idempotency_keys (caller_id, function_name, key, request, claim_id, created_at)
  values (pg_temp.id('trainer'), 'f', 'unsettled', '{}', (pg_temp.effect('refresh', 0) ->> 'id')::uuid,
    now() - interval '25 hours');
insert into private.outbox (kind, host_id, payload, status, done_at)
  values ('zoom.delete_meeting', pg_temp.id('trainer'), '{}', 'done', now() - interval '8 days'),
    ('zoom.delete_meeting', pg_temp.id('trainer'), '{}', 'done', now() - interval '6 days');
select claim_outbox(1);
select results_eq('select key from private.idempotency_keys order by key', array['unsettled', 'young'],
  'OUT-39 keys go after a day, but not while their claim is open');
select is((select count(*) from private.outbox where status = 'done'), 1::bigint, 'OUT-40 done effects after a week');
select is(settle_outbox('[{"id": null, "lease_id": null, "outcome": "done"}]'), '{"settled": 0}',
  'OUT-41 a result without an id settles nothing');
select is(pg_temp.attempt($$select settle_outbox(jsonb_build_array(pg_temp.effect('refresh', 1)
  || '{"outcome": "maybe"}'))$$), 'invalid_field', 'OUT-42 an unknown outcome is refused');

-- A host who may ask Zoom nothing more today.
select pg_temp.as_owner();
delete from private.outbox;
insert into private.outbox (kind, host_id, payload, attempts)
  values ('zoom.delete_meeting', pg_temp.id('trainer'), '{"meeting_id": "1"}', 11);
select pg_temp.as_service();
insert into answers values ('limited', claim_outbox(1));
select is(settle_outbox(jsonb_build_array((pg_temp.result(pg_temp.effect('limited'), 'retry') -> 0)
    || '{"retry_after": 7200}')), '{"settled": 1}', 'OUT-50 the last try meets a limit that says how long it lasts');
select pg_temp.as_owner();
select results_eq('select status, attempts, available_at - now() from private.outbox',
  $$values ('pending', 11, interval '2 hours')$$, 'OUT-51 it does not count, and waits for that long');

select * from finish();
rollback;
