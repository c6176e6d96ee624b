-- Threat: through PostgREST, a host takes over what is not theirs, or makes the service act on a meeting of others.
\ir support/people.psql
\ir support/video_sessions.psql
select plan(45);

create function pg_temp.insert_session(changes jsonb) returns text language sql as $$
  select pg_temp.attempt(format('insert into video_sessions (%s) select %s', string_agg(quote_ident(key), ', '),
    string_agg(quote_nullable(value #>> '{}'), ', ')))
  from jsonb_each(jsonb_build_object('host_id', pg_temp.id('trainer'), 'provider', 'manual', 'title', 'T',
    'scheduled_start', '2030-01-01T00:00Z', 'duration_minutes', 30, 'join_url', 'https://v.example/x') || changes)
$$;
create function pg_temp.conversation_of(host text) returns uuid language sql security definer as $$
  select id from public.conversations where provider_id = pg_temp.id(host)
$$;

select pg_temp.as_user('trainer');
select is(pg_temp.insert_session('{}'), '1 row', 'WRITE-01 a host inserts a session');
select is(pg_temp.insert_session(jsonb_build_object('client_id', pg_temp.id('client'))), '1 row',
  'WRITE-02 with their client');
select is(pg_temp.insert_session(jsonb_build_object('client_id', pg_temp.id('other_client'))), '42501',
  'WRITE-03 not with another host''s');
select is(pg_temp.insert_session(jsonb_build_object('host_id', pg_temp.id('nutritionist'))), '42501',
  'WRITE-04 not in another host''s name');
select is(pg_temp.insert_session(jsonb_build_object('conversation_id', pg_temp.conversation_of('nutritionist'))), '42501',
  'WRITE-05 not for another''s conversation');
select is(pg_temp.insert_session('{"provider_meeting_id": "666"}'), '42501', 'WRITE-06 not claiming a meeting');
select is(pg_temp.insert_session('{"status": "live"}'), '42501', 'WRITE-07 not live at once');
select is(pg_temp.insert_session('{"title": ""}'), 'invalid_field', 'WRITE-08 not out of range');
select is(pg_temp.insert_session(words), 'invalid_field', 'WRITE-44 nor with words that hide or turn: ' || words::text)
  from unnest(array[jsonb_build_object('title', E'a\u202eb'), jsonb_build_object('description', E'a\u0007b')]) as words;
select is(pg_temp.insert_session('{"join_url": "https://zoom.us/s/1?zak=x"}'), 'invalid_field',
  'WRITE-09 not with a host link');
select is(pg_temp.insert_session('{"timezone": "Nowhere/At_All"}'), 'invalid_field', 'WRITE-10 not in no timezone');
select pg_temp.as_user('client');
select is(pg_temp.insert_session(jsonb_build_object('host_id', pg_temp.id('client'))), '42501',
  'WRITE-11 someone who is no host inserts none');
select is(pg_temp.attempt($$update video_sessions set title = 'x'$$), '0 rows', 'WRITE-12 a participant changes none');
select is(pg_temp.attempt($$delete from video_sessions$$), '0 rows', 'WRITE-13 and deletes none');
select pg_temp.as_anon();
select is(pg_temp.insert_session('{}'), '42501', 'WRITE-14 anon inserts none');

select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$update video_sessions set title = 'x' where id = pg_temp.id('session')$$), '1 row',
  'WRITE-15 a host changes their session');
select is(pg_temp.attempt($$update video_sessions set title = 'x' where id = pg_temp.id('foreign_session')$$), '0 rows',
  'WRITE-16 and not another host''s');
select is(pg_temp.attempt($$delete from video_sessions where id = pg_temp.id('foreign_session')$$), '0 rows',
  'WRITE-17 and deletes none of theirs');
select is(pg_temp.attempt($$update video_sessions set duration_minutes = 0$$), 'invalid_field',
  'WRITE-18 a change stays in range');
select is(pg_temp.attempt($$update video_sessions set client_id = pg_temp.id('other_client')
    where id = pg_temp.id('session')$$), 'client_not_yours', 'WRITE-19 and among their clients');
select is(pg_temp.attempt($$update video_sessions set conversation_id = pg_temp.conversation_of('nutritionist')
    where id = pg_temp.id('session')$$), 'conversation_not_found', 'WRITE-20 and conversations');
select is(pg_temp.attempt($$update video_sessions set client_id = null, conversation_id = null
    where id = pg_temp.id('session')$$), '1 row', 'WRITE-21 taking the client out is allowed');
select is(pg_temp.attempt($$update video_sessions set join_url = 'https://v.example/new'
    where id = pg_temp.id('session')$$), '1 row', 'WRITE-22 a pasted link can be replaced');
select is(pg_temp.attempt($$update video_sessions set join_url = 'https://v.example/new'
    where id = pg_temp.id('zoom_session')$$), 'column_frozen', 'WRITE-23 the link of a meeting of ours cannot');

-- With the table grants of @supabase/lite.
select pg_temp.as_owner();
grant all on video_sessions, video_session_participants to authenticated;
select pg_temp.as_user('trainer');
select is(pg_temp.insert_session('{"provider": "zoom", "provider_meeting_id": "666"}'), '42501',
  'WRITE-24 with table grants a host still claims no meeting');
select is(pg_temp.attempt($$update video_sessions set provider_meeting_id = '666' where id = pg_temp.id('session')$$),
  'column_frozen', 'WRITE-25 not by a change either');
select is(pg_temp.attempt($$update video_sessions set host_id = pg_temp.id('nutritionist')
    where id = pg_temp.id('session')$$), 'column_frozen', 'WRITE-26 and hands a session to nobody');
select is(pg_temp.attempt($$update video_sessions set id = gen_random_uuid() where id = pg_temp.id('session')$$),
  'column_frozen', 'WRITE-27 or renames it');
select is(pg_temp.attempt($$update video_sessions set provider = 'manual' where id = pg_temp.id('zoom_session')$$),
  'column_frozen', 'WRITE-28 or hides that a meeting has to be ended');
select is(pg_temp.insert_session('{"status": "cancelled"}'), '42501', 'WRITE-29 or makes one cancelled');
select pg_temp.as_user('stranger');
select is(pg_temp.insert_session(jsonb_build_object('host_id', pg_temp.id('stranger'))), '42501',
  'WRITE-30 and a stranger inserts none');
select pg_temp.as_owner();
select is((select count(*) from private.outbox), 0::bigint, 'WRITE-31 none of this reached a meeting');

create function pg_temp.add(session text, person text, role text default 'participant') returns text language sql as $$
  select pg_temp.attempt(format('insert into video_session_participants (session_id, user_id, role) values (%L, %L, %L)',
    pg_temp.id(session), pg_temp.id(person), role))
$$;
select pg_temp.as_user('trainer');
delete from video_session_participants where session_id = pg_temp.id('direct_session') and role = 'participant';
select is(pg_temp.add('direct_session', 'client'), '1 row', 'PART-01 a host adds their client');
select is(pg_temp.add('direct_session', 'client'), '23505', 'PART-02 once');
select is(pg_temp.add('session', 'stranger'), '42501', 'PART-03 and not a stranger');
select is(pg_temp.add('foreign_session', 'client'), '42501', 'PART-04 and not to another''s session');
select is(pg_temp.add('direct_session', 'trainer', 'host'), '42501', 'PART-05 and no second host');
select is(pg_temp.attempt($$update video_session_participants set role = 'host'$$), '0 rows', 'PART-06 or by promotion');
select is(pg_temp.attempt($$delete from video_session_participants where session_id = pg_temp.id('foreign_session')$$),
  '0 rows', 'PART-07 and removes nobody elsewhere');
select is(pg_temp.attempt($$delete from video_session_participants where session_id = pg_temp.id('session')$$), '1 row',
  'PART-08 a host removes participants, but not themself');
select pg_temp.as_user('client');
select is(pg_temp.visible($$notifications where data ->> 'session_id' = pg_temp.id('direct_session')::text$$), '1',
  'PART-09 the client hears of being added');
select is(pg_temp.add('session', 'client'), '42501', 'PART-10 and cannot add themself');
select is(pg_temp.add('foreign_session', 'client'), '42501', 'PART-11 anywhere');
select is(pg_temp.attempt($$delete from video_session_participants where role = 'host'$$), '0 rows',
  'PART-12 or remove the host');

select * from finish();
rollback;
