-- Threat: a host writes to people who are not their clients, or in someone else's conversation; floods a client; a link gets
-- to somebody it is not for.
\ir support/people.psql
select plan(44);

select pg_temp.as_owner();
insert into public.leads (client_id, provider_id, status) values
  (pg_temp.id('stranger'), pg_temp.id('trainer'), 'accepted');
delete from public.conversations where client_id = pg_temp.id('stranger');
insert into public.video_sessions (id, host_id, provider, title, scheduled_start, duration_minutes, join_url, status)
  select pg_temp.id(name), pg_temp.id('trainer'), 'manual', name, start, 30, link, status
  from (values ('session', '2030-05-01T10:00Z'::timestamptz, 'https://video.example/room', 'scheduled'),
    ('second', '2030-05-02T10:00Z', 'https://video.example/2', 'live'),
    ('bare', '2030-05-03T10:00Z', null, 'scheduled'), ('over', '2030-05-03T10:00Z', 'https://video.example/4', 'ended'),
    ('off', '2030-05-03T10:00Z', 'https://video.example/5', 'cancelled'),
    ('past', now() - interval '37 hours', 'https://video.example/6', 'scheduled')) as s (name, start, link, status);
delete from public.notifications;

-- What an invitation comes to: `client status` of each, or the code of the refusal.
create function pg_temp.invite(session text, clients text[] default null, conversation uuid default null,
  message text default null) returns text[] language plpgsql as $$
declare
  answer jsonb;
begin
  answer := public.send_session_invite(pg_temp.id(session),
    case when clients is not null then array(select pg_temp.id(name) from unnest(clients) as name) end, conversation,
    message);
  return coalesce((select array_agg(name || ' ' || (invited ->> 'status') order by name)
    from jsonb_array_elements(answer -> 'invitations') as invited
      join unnest(array['client', 'other_client', 'stranger']) as name on pg_temp.id(name)::text = invited ->> 'client_id'), '{}');
exception when sqlstate 'PGRST' then return array[sqlerrm::json ->> 'code'];
end
$$;
create function pg_temp.conversation(client text, host text default 'trainer') returns uuid
language sql security definer as $$
  select c.id from public.conversations c
  where c.client_id = pg_temp.id(client) and c.provider_id = pg_temp.id(host)
$$;

-- Who may.
select pg_temp.as_user('client');
select is(pg_temp.invite('session', array['client']), array['session_not_found'], 'INV-01 a client invites nobody');
select pg_temp.as_user('nutritionist');
select is(pg_temp.invite('session', array['other_client']), array['session_not_found'],
  'INV-02 another host not into this session');
select pg_temp.as_anon();
select is(pg_temp.attempt($$select send_session_invite(pg_temp.id('session'), null, null, null)$$), '42501',
  'INV-03 nor anybody who is not signed in');
select pg_temp.as_user('trainer');
select is(pg_temp.invite('session', array[name]), array['client_not_yours'], 'INV-04 a host not ' || name)
  from unnest(array['other_client', 'patient', 'nobody', 'trainer']) as name;
select is(pg_temp.invite('session', array['client', 'patient']), array['client_not_yours'],
  'INV-05 nor somebody among their clients');
select is(pg_temp.invite('session', null, pg_temp.conversation('other_client', 'nutritionist')),
  array['conversation_not_found'], 'INV-06 nor in someone else''s conversation');
select is(pg_temp.invite('session', null, pg_temp.id('nothing')), array['conversation_not_found'],
  'INV-07 which answers like one that is not there');
select is(pg_temp.invite('session', array['client'], pg_temp.conversation('client')), array['invalid_field'],
  'INV-08 clients or a conversation, not both');
select is(pg_temp.invite('session', '{}'), array['invalid_field'], 'INV-37 nobody is not everybody');
select is(pg_temp.invite('session', array['client'], null, text), array['invalid_field'],
    'INV-09 the message has its length, and turns nothing around')
  from unnest(array['', repeat('x', 1001), E'a\u202eb']) as text;
select is(pg_temp.invite(session, array['client']), array['session_closed'], 'INV-10 into nothing that is ' || session)
  from unnest(array['over', 'off', 'past']) as session;
select is(pg_temp.invite('bare', array['client']), array['no_join_link'], 'INV-11 nor what has no link');
select is(pg_temp.visible('messages'), '0', 'INV-12 nothing was written');
select pg_temp.as_user('client');
select is(pg_temp.told(), '{}', 'INV-13 and nobody told');
select is(pg_temp.visible('video_sessions'), '0', 'INV-14 or let in');

-- What it does.
select pg_temp.as_user('trainer');
select is(pg_temp.invite('session', array['client', 'stranger'], null, 'See you'),
  array['client invited', 'stranger invited'], 'INV-15 a host invites their clients');
select is(pg_temp.visible($$conversations where client_id = pg_temp.id('stranger')$$), '1',
  'INV-16 with a conversation where there was none');
select results_eq($$select conversation_id, sender_id, content from messages order by 1$$,
  $$select conversation, pg_temp.id('trainer'), E'See you\nsession\n2030-05-01 10:00 (UTC)\nhttps://video.example/room'
    from unnest(array[pg_temp.conversation('client'), pg_temp.conversation('stranger')]) as conversation order by 1$$,
  'INV-17 the link is a message to each, in their own conversation');
select pg_temp.as_user('client');
select is(pg_temp.visible('messages'), '1', 'INV-18 which nobody else reads');
select is(pg_temp.told(), array['video_session_added'], 'INV-19 they are told once');
select is(pg_temp.visible('video_sessions'), '1', 'INV-20 and find the session in their list');
select pg_temp.as_user('trainer');
select is(pg_temp.invite('session', array['client', 'stranger'], null, 'Again'),
  array['client already_invited', 'stranger already_invited'], 'INV-21 once');
select is(pg_temp.visible('messages'), '2', 'INV-22 whatever the message');
select is(pg_temp.invite('session', null, pg_temp.conversation('client')), array['client already_invited'],
  'INV-23 whichever way they are named');
select is(pg_temp.invite('session'), array['client already_invited', 'stranger already_invited'],
  'INV-24 or not named');

-- Who takes part already.
insert into video_session_participants (session_id, user_id) values (pg_temp.id('second'), pg_temp.id('client'));
select pg_temp.clear();
select is(pg_temp.invite('second'), array['client invited'], 'INV-25 without names it is for who takes part');
select pg_temp.as_user('client');
select is(pg_temp.told(), array['video_session_invited'], 'INV-26 who is told of it');
select pg_temp.as_user('trainer');
delete from video_session_participants where user_id = pg_temp.id('client') and session_id = pg_temp.id('second');
select is(pg_temp.invite('second', array['client']), array['client invited'],
  'INV-27 who was removed may be invited anew');
select pg_temp.as_owner();
delete from leads where client_id = pg_temp.id('stranger');
delete from conversations where client_id = pg_temp.id('stranger');
select pg_temp.as_user('trainer');
select is(pg_temp.invite('session'), array['client already_invited'], 'INV-28 who is no client any more is left out');
select is(pg_temp.outcome(pg_temp.request('{"send_invite": true}')), 'created', 'INV-29 a session made with invitations');
select is((select array[(invited ->> 'status')] from jsonb_array_elements(send_session_invite(s.id, null, null, null)
    -> 'invitations') as invited), array['already_invited'], 'INV-30 has sent them')
  from video_sessions s where s.title = 'First session';

-- How many.
select pg_temp.as_owner();
update private.rate_limits set used = 100 where subject = 'invitations ' || pg_temp.id('trainer');
delete from video_session_participants where user_id = pg_temp.id('client') and session_id = pg_temp.id('second');
select pg_temp.as_user('trainer');
select is(pg_temp.invite('second', array['client']), array['too_many_invites'], 'INV-31 a hundred within an hour');
select is(pg_temp.invite('session', array['client']), array['client already_invited'],
  'INV-32 of which a repeat is none');
select pg_temp.as_user('client');
select is(pg_temp.visible($$video_session_participants where session_id = pg_temp.id('second')$$), '0',
  'INV-33 who was not invited takes no part');
select pg_temp.as_owner();
select is((select used from private.rate_limits where subject = 'invitations ' || pg_temp.id('trainer')), 100,
  'INV-34 and what was refused is not counted');
update private.rate_limits set ends_at = now();
select pg_temp.as_user('trainer');
select is(pg_temp.invite('second', array['client']), array['client invited'], 'INV-35 until the hour is over');
select pg_temp.as_owner();
update private.rate_limits set ends_at = now() - interval '1 second';
select private.sweep();
select is((select count(*) from private.rate_limits), 0::bigint, 'INV-36 after which nothing is kept of it');

select * from finish();
rollback;
