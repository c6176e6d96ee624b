-- Adds the sessions from :first to :last of each family, and their people, to those that are there. Without triggers
-- and foreign keys, so that it takes minutes.
set session_replication_role = replica;
set synchronous_commit = off;
\set sessions 'generate_series(:first::bigint, :last::bigint) as n'
\set people 'generate_series((:first::bigint - 1) / 20, (:last::bigint - 1) / 20) as p, generate_series(1, 3) as kind'

\echo '    people'
insert into profiles (id, role)
  select growth.id(kind, p), case kind when 1 then 'tutor' else 'client' end from :people;
insert into operators (id) select growth.id(kind, p) from :people where kind = 1;
insert into clients (id, auth_user_id, operator_id)
  select growth.id(kind, p), growth.id(kind, p), growth.id(1, p) from :people where kind = 2;

\echo '    video_sessions'
insert into video_sessions (id, host_id, client_id, provider, title, scheduled_start, duration_minutes, status,
    join_url)
  select growth.id(10, n), growth.host(n), growth.client(n, :first, :last), 'manual', 'Session ' || n, growth.start(n),
    45, case when growth.is_over(n) then 'ended' else 'scheduled' end, 'https://video.example/' || n from :sessions;
insert into video_session_participants (session_id, user_id, role)
  select growth.id(10, n), person, role from :sessions, lateral (values (growth.host(n), 'host'),
    (growth.client(n, :first, :last), 'participant'), (growth.member(n, :first, :last), 'participant'))
    as people (person, role);

\echo '    instant_sessions'
insert into instant_sessions (id, session_name, session_token, therapist_id, is_active, expires_at, created_at,
    ended_at)
  select growth.id(20, n), 'Session ' || n, encode(sha256(n::text::bytea), 'hex'), growth.host(n),
    not growth.is_over(n), growth.start(n), growth.start(n) - interval '1 day',
    case when growth.is_over(n) then growth.start(n) end from :sessions;
insert into instant_session_participants (id, session_id, user_id, participant_name, joined_at, admitted_at,
    guest_secret_hash)
  select growth.id(20 + place::integer, n), growth.id(20, n), person, 'Somebody', now(), now(),
    case when person is null then encode(sha256(growth.guest_secret(n)::bytea), 'hex') end
  from :sessions, unnest(array[growth.client(n, :first, :last), growth.member(n, :first, :last), null])
    with ordinality as people (person, place);

\echo '    video_meetings'
insert into video_meetings (id, meeting_id, passcode, tutor_id, student_id, scheduled_start, scheduled_end, status)
  select growth.id(30, n), 'MID-' || lpad(upper(to_hex(n)), 16, '0'), '123456', growth.host(n),
    growth.client(n, :first, :last), growth.start(n), growth.start(n) + interval '1 hour',
    case when growth.is_over(n) then 'completed' else 'pending' end from :sessions;
insert into video_participants (id, meeting, user_id, user_type)
  select growth.id(30 + place::integer, n), growth.id(30, n), person,
    case place when 1 then 'tutor' when 2 then 'student' else 'guest' end
  from :sessions, unnest(array[growth.host(n), growth.client(n, :first, :last), null])
    with ordinality as people (person, place);

\echo '    virtual_sessions'
insert into virtual_sessions (id, creator_id, title, tutor_name, scheduled_time, registered_users, status)
  select growth.id(40, n), growth.host(n), 'Session ' || n, 'Tutor', growth.start(n),
    array[growth.client(n, :first, :last)], case when growth.is_over(n) then 'completed' else 'upcoming' end
  from :sessions;
insert into virtual_session_rooms (session_id, meeting_room_id, meeting_url)
  select growth.id(40, n), room, 'https://meet.jit.si/' || room
  from :sessions, concat('convene-', encode(sha256(n::text::bytea), 'hex')) as room;
insert into virtual_session_registrations (session_id, user_id, status, place)
  select growth.id(40, n), person, case place when 1 then 'registered' else 'waiting' end, place
  from :sessions, unnest(array[growth.client(n, :first, :last), growth.member(n, :first, :last)])
    with ordinality as people (person, place);

\echo '    meetings'
insert into meetings (id, client_id, operator_id, title, scheduled_at, status)
  select growth.id(50, n), growth.client(n, :first, :last), growth.host(n), 'Meeting ' || n, growth.start(n),
    case when growth.is_over(n) then 'completed' else 'scheduled' end from :sessions;

\echo '    leads, conversations, messages, inquiries, plans, bookings'
insert into leads (id, client_id, provider_id, status)
  select growth.id(80, n), growth.client(n, :first, :last), growth.host(n), 'accepted' from :sessions;
insert into conversations (id, lead_id, client_id, provider_id)
  select growth.id(81, n), growth.id(80, n), growth.client(n, :first, :last), growth.host(n) from :sessions;
insert into messages (id, conversation_id, sender_id, content)
  select growth.id(82, n), growth.id(81, n), growth.host(n), 'Message ' || n from :sessions;
insert into patient_inquiries (id, patient_id, therapist_id)
  select growth.id(83, n), growth.client(n, :first, :last), growth.host(n) from :sessions;
insert into treatment_plans (id, patient_id, therapist_id)
  select growth.id(84, n), growth.client(n, :first, :last), growth.host(n) from :sessions;
insert into bookings (id, student_id, tutor_id)
  select growth.id(85, n), growth.client(n, :first, :last), growth.host(n) from :sessions;

\echo '    session_audit and notifications'
insert into session_audit (id, family, session_id, host_id, actor_role, action, details)
  select growth.id(60, n), 'video_sessions', growth.id(10, n), growth.host(n), 'authenticated', 'created', '{}'
  from :sessions;
insert into notifications (id, user_id, type, title, body)
  select growth.id(70, n), growth.client(n, :first, :last), 'test', 'New session', 'Session ' || n from :sessions;
