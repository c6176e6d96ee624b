-- Threat: a session is changed by someone else, or here and not at Zoom, or the other way round.
\ir support/people.psql
\ir support/video_sessions.psql
\ir support/zoom.psql
select plan(59);

create temporary table answers (name text, answer jsonb);
grant all on answers to public;
create function pg_temp.begin_change(session text, action text, changes jsonb default '{}') returns text
language plpgsql as $$
begin
  return begin_session_change(pg_temp.id(session), action, changes) ->> 'outcome';
exception
  when sqlstate 'PGRST' then return (sqlerrm::json ->> 'code') || coalesce(' ' || (sqlerrm::json ->> 'details'), '');
  when others then return sqlstate;
end
$$;
create function pg_temp.effects() returns text[] language sql security definer as $$
  select coalesce(array_agg(kind || ' ' || status order by kind, status), '{}') from private.outbox
$$;
create function pg_temp.commit(name text, changes jsonb) returns jsonb language sql as $$
  select commit_zoom_reschedule((answer #>> '{effect,id}')::uuid, (answer #>> '{effect,lease_id}')::uuid, changes)
  from answers a where a.name = commit.name
$$;
create function pg_temp.start_of(session text) returns timestamptz language sql security definer as $$
  select scheduled_start from public.video_sessions where id = pg_temp.id(session)
$$;

-- Who.
select is(pg_temp.begin_change('zoom_session', action), 'session_not_found session_id',
    'CHG-01 ' || person || ' does not ' || action)
  from unnest(array['client', 'nutritionist', 'stranger', 'admin']) as person, lateral pg_temp.as_user(person),
    unnest(array['cancel', 'start']) as action;
select pg_temp.as_anon();
select is(pg_temp.begin_change('zoom_session', 'cancel'), '42501', 'CHG-02 nor does anon');
select pg_temp.as_user('trainer');
select is(begin_session_change(pg_temp.id('zoom_session'), 'start', '{}') #>> '{session,status}', 'scheduled',
  'CHG-03 the host may');
select is(pg_temp.begin_change('none', 'cancel'), 'session_not_found session_id', 'CHG-04 what is not there is not found');
select is(pg_temp.begin_change('session', 'delete'), 'invalid_field action', 'CHG-05 another action is none');

-- What needs nothing of Zoom.
select is(pg_temp.begin_change('session', 'reschedule', '{"scheduled_start": "2030-06-01T10:00Z"}'), 'done',
  'CHG-06 a session elsewhere is moved at once');
select is(pg_temp.start_of('session'), '2030-06-01T10:00Z', 'CHG-07 in the row');
select is(pg_temp.begin_change('session', 'start'), 'done', 'CHG-08 started');
select is(begin_session_change(pg_temp.id('session'), 'start', '{}') #>> '{session,status}', 'live',
  'CHG-09 twice is the same');
select is(pg_temp.begin_change('session', 'cancel'), 'invalid_transition status', 'CHG-10 not cancelled then');
select is(pg_temp.begin_change('session', 'reschedule', '{"duration_minutes": 10}'), 'invalid_transition action',
  'CHG-11 or moved');
select is(pg_temp.begin_change('session', 'end'), 'done', 'CHG-12 ended');
select is(begin_session_change(pg_temp.id('session'), 'end', '{}') #>> '{session,status}', 'ended',
  'CHG-13 twice is the same');
select is(pg_temp.begin_change('session', 'start'), 'invalid_transition status', 'CHG-14 what ended does not start again');
select is(pg_temp.effects(), '{}', 'CHG-15 Zoom was asked nothing');

-- Moving at Zoom.
select is(pg_temp.begin_change('zoom_session', 'reschedule', changes), 'invalid_field ' || field, 'CHG-16 a bad ' || field)
  from (values ('duration_minutes', '{"duration_minutes": 0}'::jsonb), ('duration_minutes', '{"duration_minutes": "x"}'),
    ('scheduled_start', '{"scheduled_start": "soon"}'), ('timezone', '{"timezone": "Nowhere"}'),
    ('join_url', '{"join_url": "https://evil.example"}')) as bad (field, changes);
select is(pg_temp.begin_change('zoom_session', 'reschedule',
    '{"scheduled_start": "2030-05-03T12:00+02:00", "duration_minutes": 30}'), 'done',
  'CHG-17 the same values again ask Zoom nothing');
insert into answers select 'move', begin_session_change(pg_temp.id('zoom_session'), 'reschedule',
  '{"scheduled_start": "2030-07-01T10:00Z"}');
select is((select answer -> 'meeting' from answers where name = 'move'), '{"meeting_id": "555", "topic": "C",
    "scheduled_start": "2030-07-01T10:00:00Z", "duration_minutes": 30, "timezone": "UTC"}'::jsonb,
  'CHG-18 what Zoom has to be told');
select is(pg_temp.start_of('zoom_session'), '2030-05-03T10:00Z', 'CHG-19 the row waits for Zoom');
select is(pg_temp.begin_change('zoom_session', 'reschedule', '{"duration_minutes": 10}'), 'change_in_progress',
  'CHG-20 one change at a time');
select pg_temp.as_service();
select is(commit_zoom_reschedule((select (answer #>> '{effect,id}')::uuid from answers where name = 'move'),
    gen_random_uuid(), '{"duration_minutes": 5}'), '{"session": null}', 'CHG-21 another lease commits nothing');
select is(pg_temp.commit('move', '{"scheduled_start": "2030-07-01T10:00Z"}') #>> '{session,scheduled_start}',
  '2030-07-01T10:00:00+00:00', 'CHG-22 the commit moves it');
select is(pg_temp.commit('move', '{"scheduled_start": "2031-07-01T10:00Z"}'), '{"session": null}', 'CHG-23 once');
select is(pg_temp.effects(), array['zoom.sync_meeting done'], 'CHG-24 and leaves nothing to do at Zoom');
select results_eq($$select actor_id from session_audit where session_id = pg_temp.id('zoom_session')
    and action = 'changed'$$, $$select pg_temp.id('trainer')$$, 'CHG-25 the host is named as who did it');

-- Through PostgREST.
select pg_temp.as_user('trainer');
update video_sessions set duration_minutes = 45 where id = pg_temp.id('zoom_session');
update video_sessions set title = 'Renamed' where id = pg_temp.id('zoom_session');
update video_sessions set description = 'x' where id = pg_temp.id('zoom_session');
select is(pg_temp.effects(), array['zoom.sync_meeting done', 'zoom.sync_meeting pending'],
  'CHG-26 changes by the app reach Zoom too, as one effect');
select pg_temp.as_service();
select is(claim_outbox(5) #> '{effects,0,payload,meeting}', '{"meeting_id": "555", "topic": "Renamed",
    "scheduled_start": "2030-07-01T10:00:00Z", "duration_minutes": 45, "timezone": "UTC"}'::jsonb,
  'CHG-27 which says what the row says by then');
select pg_temp.as_user('trainer');
update video_sessions set duration_minutes = 50 where id = pg_temp.id('zoom_session');
select is((pg_temp.effects())[2:], array['zoom.sync_meeting pending', 'zoom.sync_meeting pending'],
  'CHG-28 a change while one is carried out is another');

-- Closing at Zoom.
insert into answers select 'cancel', begin_session_change(pg_temp.id('zoom_session'), 'cancel', '{}');
select is((select answer ->> 'outcome' || ' ' || (answer #>> '{session,status}') from answers where name = 'cancel'),
  'zoom cancelled', 'CHG-29 cancelling is written at once');
select isnt((select answer #> '{effect,lease_id}' from answers where name = 'cancel'), null,
  'CHG-30 and the deletion leased to the caller');
select is(begin_session_change(pg_temp.id('zoom_session'), 'cancel', '{}') #- '{session}' , '{"outcome": "done"}',
  'CHG-31 twice deletes once');
select pg_temp.as_service();
select is(claim_outbox(5), '{"effects": []}', 'CHG-32 a change is not carried out beside another of the same meeting');
select pg_temp.as_owner();
update private.outbox set leased_until = now() where kind = 'zoom.sync_meeting' and status = 'pending';
select pg_temp.as_service();
select is(jsonb_path_query_array(claim_outbox(5), '$.effects[*].payload.meeting'), '[null, null]',
  'CHG-48 one that waited has nothing to do any more');

-- What the app changes while a move is at Zoom.
select pg_temp.as_owner();
insert into video_sessions (id, host_id, client_id, provider, title, scheduled_start, duration_minutes, join_url,
    provider_meeting_id) values
  (pg_temp.id('crossed'), pg_temp.id('trainer'), null, 'zoom', 'X', '2030-05-05T10:00Z', 30, 'https://zoom.us/j/888', '888'),
  (pg_temp.id('gone'), pg_temp.id('trainer'), pg_temp.id('client'), 'zoom', 'G', '2030-05-06T10:00Z', 30,
    'https://zoom.us/j/999', '999'),
  (pg_temp.id('past'), pg_temp.id('trainer'), null, 'zoom', 'P', now() - interval '1 hour', 30,
    'https://zoom.us/j/777', '777');
delete from private.outbox;
select pg_temp.as_user('trainer');
insert into answers select 'crossed', begin_session_change(pg_temp.id('crossed'), 'reschedule', '{"duration_minutes": 60}');
select is(pg_temp.begin_change('crossed', 'start'), 'change_in_progress', 'CHG-36 what is being moved does not start');
update video_sessions set scheduled_start = '2030-08-01T10:00Z' where id = pg_temp.id('crossed');
select pg_temp.as_service();
select is(pg_temp.commit('crossed', '{"duration_minutes": 60}') #>> '{session,duration_minutes}', '60',
  'CHG-37 a move is committed though the app changed the row meanwhile');
select is(pg_temp.effects(), array['zoom.sync_meeting pending', 'zoom.sync_meeting pending'],
  'CHG-38 and Zoom is told again, since it was told something else');
select is(jsonb_path_query_first(claim_outbox(5), '$.effects[*].payload.meeting.scheduled_start'),
  '"2030-08-01T10:00:00Z"', 'CHG-39 what the row says');

-- A meeting that is not at Zoom any more.
select pg_temp.as_owner();
delete from private.outbox;
select pg_temp.as_user('trainer');
update video_sessions set title = 'Gone' where id = pg_temp.id('gone');
select pg_temp.as_service();
insert into answers values ('claimed', claim_outbox(5));
select is(settle_outbox((select jsonb_build_array(jsonb_build_object('id', answer #> '{effects,0,id}',
    'lease_id', answer #> '{effects,0,lease_id}', 'outcome', 'gone')) from answers where name = 'claimed')),
  '{"settled": 1}', 'CHG-40 a change finds the meeting gone');
select is((select status from video_sessions where id = pg_temp.id('gone')), 'cancelled', 'CHG-41 the session is off');
select is(pg_temp.effects(), array['zoom.sync_meeting done'], 'CHG-42 and nothing more is asked of Zoom');

-- Nobody said that it began.
select pg_temp.as_owner();
delete from private.outbox;
select pg_temp.as_user('trainer');
select is(pg_temp.begin_change('past', 'end'), 'zoom', 'CHG-43 ending what may be running without our knowing ends it there');

-- Another Zoom account than the one that has the meeting.
select pg_temp.as_owner();
update user_integrations_zoom set zoom_user_id = 'new account';
insert into private.zoom_meetings values (pg_temp.id('crossed'), 'old account');
delete from private.outbox;
select pg_temp.as_user('trainer');
select is(pg_temp.begin_change('crossed', 'start'), 'zoom_not_connected', 'CHG-44 cannot start it');
select is(begin_session_change(pg_temp.id('crossed'), 'cancel', '{}') #>> '{zoom,status}', 'missing',
  'CHG-45 cancelling asks the other account for nothing');
select pg_temp.as_owner();
update private.outbox set leased_until = now();
select pg_temp.as_service();
select is(claim_outbox(5) #>> '{effects,0,zoom,status}', 'missing', 'CHG-46 nor does the outbox');
select is(commit_zoom_start(pg_temp.id('direct_session'), 'https://zoom.us/s/1') #>> '{session,status}', 'live',
  'CHG-47 the service starts what the host started');

-- Without a connection.
select pg_temp.as_user('nutritionist');
select is(pg_temp.begin_change('foreign_session', 'start'), 'zoom_not_connected', 'CHG-33 starting needs Zoom');
select is(pg_temp.begin_change('foreign_session', 'reschedule', '{"duration_minutes": 10}'), 'zoom_not_connected',
  'CHG-34 so does moving');
select is(pg_temp.begin_change('foreign_session', 'cancel'), 'zoom', 'CHG-35 cancelling does not wait for it');

select * from finish();
rollback;
