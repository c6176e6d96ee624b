-- The lists that the apps show, as PostgREST asks for them. Everyone here is of one session among the first 10,000.
\set session 4242
create table growth.lists (place integer generated always as identity, family text, list text, reader text,
  role text, person uuid, headers json, query text, primary key (family, list, reader));

create function growth.reader(reader text, session bigint, out role text, out person uuid, out headers json)
language sql as $$
  select case when reader in ('anon', 'guest') then 'anon' else 'authenticated' end,
    case reader when 'host' then growth.host(session) when 'client' then growth.client(session, 1, 10000)
      when 'member' then growth.member(session, 1, 10000) when 'stranger' then growth.id(9, 1) end,
    case reader when 'guest' then json_build_object('x-session-token', encode(sha256(session::text::bytea), 'hex'),
      'x-guest-secret', growth.guest_secret(session)) else '{}' end
$$;

insert into growth.lists (family, list, reader, role, person, headers, query)
  select family, list, reader, (growth.reader(reader, :session)).*, query || ' limit 50'
  from (values
    ('coaching', 'sessions', '{host,client,member}',
      'select * from video_sessions order by scheduled_start'),
    ('coaching', 'sessions, newest first', '{host,client,member}',
      'select * from video_sessions order by created_at desc'),
    ('coaching', 'people of all sessions', '{host,client,member}',
      'select * from video_session_participants order by added_at'),
    ('coaching', 'people of a session', '{host,client,member}',
      'select * from video_session_participants where session_id = growth.id(10, :session) order by added_at'),
    ('coaching', 'trail', '{host}',
      'select * from session_audit order by created_at desc'),
    ('coaching', 'notifications', '{client}',
      'select * from notifications order by created_at desc'),
    ('coaching', 'leads', '{host,client}',
      'select * from leads order by created_at desc'),
    ('coaching', 'conversations', '{host,client}',
      'select * from conversations order by created_at desc'),
    ('coaching', 'messages', '{host,client}',
      'select * from messages order by created_at desc'),
    ('coaching', 'messages of a conversation', '{host,client}',
      'select * from messages where conversation_id = growth.id(81, :session) order by created_at desc'),
    ('therapy', 'inquiries with patients', '{host,client}',
      'select i.*, row_to_json(p) from patient_inquiries i
        join lateral (select * from profiles where id = i.patient_id) as p on true order by i.created_at'),
    ('therapy', 'plans with patients', '{host,client}',
      'select t.*, row_to_json(p) from treatment_plans t
        left join lateral (select * from profiles where id = t.patient_id) as p on true order by t.created_at'),
    ('therapy', 'sessions', '{host,member,guest}',
      'select * from instant_sessions order by created_at desc'),
    ('therapy', 'active sessions', '{host,member}',
      'select * from instant_sessions where is_active order by expires_at'),
    ('therapy', 'people of all sessions', '{host,member}',
      'select * from instant_session_participants order by joined_at'),
    ('therapy', 'people of a session', '{host,member,guest}',
      'select * from instant_session_participants where session_id = growth.id(20, :session) order by joined_at'),
    ('tutoring', 'bookings', '{host,client}',
      'select * from bookings order by created_at'),
    ('tutoring', 'meetings', '{host,client}',
      'select * from video_meetings order by scheduled_start'),
    ('tutoring', 'people of all meetings', '{host,client}',
      'select * from video_participants order by joined_at'),
    ('tutoring', 'people of a meeting', '{host,client}',
      'select * from video_participants where meeting = growth.id(30, :session) order by joined_at'),
    ('revision', 'upcoming', '{anon,host,client,stranger}',
      'select * from virtual_sessions where status in (''upcoming'', ''live'') order by scheduled_time'),
    ('revision', 'all that one may see', '{anon}',
      'select * from virtual_sessions order by scheduled_time'),
    ('revision', 'created by me', '{host}',
      'select * from virtual_sessions where creator_id = auth.uid() order by scheduled_time'),
    ('revision', 'my registrations', '{client,member}',
      'select r.*, row_to_json(s) from virtual_session_registrations r join virtual_sessions s on s.id = r.session_id
        where r.user_id = auth.uid() order by s.scheduled_time'),
    ('revision', 'registrations for a session', '{host}',
      'select * from virtual_session_registrations where session_id = growth.id(40, :session) order by place'),
    ('revision', 'rooms', '{host,client}',
      'select * from virtual_session_rooms order by session_id'),
    ('operators', 'clients', '{host,client}',
      'select * from clients order by created_at'),
    ('operators', 'meetings', '{host,client}',
      'select * from meetings order by scheduled_at'),
    ('operators', 'meetings by status', '{host,client}',
      'select * from meetings where status = ''scheduled'' order by scheduled_at'),
    ('operators', 'meetings of a month', '{host,client}',
      'select * from meetings where scheduled_at >= now() and scheduled_at < now() + interval ''30 days''
        order by scheduled_at'),
    ('operators', 'meetings with a client', '{host}',
      'select * from meetings where client_id = growth.client(:session, 1, 10000) order by scheduled_at')
  ) as lists (family, list, readers, query), unnest(readers::text[]) as reader;
update growth.lists set query = replace(replace(query, ':session', :'session'), 'auth.uid()', quote_nullable(person));
