-- The steps that create-video-session's RPCs share: reading a request into a session, and writing the session with
-- its participants and invitations. They run as the definer or the service; no client can call them.

-- A request as a row: every value cast and in range, or a 422 that names the field. What the link, the provider or the
-- database decide (id, join_url, passcode...) is still null.
create or replace function private.session_from_request(host uuid, request jsonb)
returns public.video_sessions
language plpgsql
stable
set search_path = ''
as $$
declare
  session public.video_sessions;
  field text := 'request';
begin
  if jsonb_typeof(request) is distinct from 'object' then
    perform private.refuse(422, 'invalid_field', 'The request is a JSON object', 'request');
  end if;
  session.host_id := host;
  session.title := request ->> 'title';
  session.description := request ->> 'description';
  session.provider := request ->> 'provider';
  session.timezone := coalesce(request ->> 'timezone', 'UTC');
  field := 'scheduled_start';
  session.scheduled_start := (request ->> field)::timestamptz;
  field := 'duration_minutes';
  session.duration_minutes := (request ->> field)::integer;
  field := 'max_participants';
  session.max_participants := (request ->> field)::integer;
  field := 'conversation_id';
  session.conversation_id := (request ->> field)::uuid;
  perform private.check_video_session(session);
  return session;
exception when data_exception then
  perform private.refuse(422, 'invalid_field', format('%s has the wrong form', field), field);
  return null;
end
$$;
revoke execute on function private.session_from_request(uuid, jsonb) from public, anon, authenticated;
grant execute on function private.session_from_request(uuid, jsonb) to service_role;

-- Everyone whom the request names: `client_ids` and the client of the conversation, each once.
create or replace function private.session_clients(request jsonb)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
  clients uuid[];
begin
  select array_agg(distinct named.id) into clients from (
    select value::uuid as id from jsonb_array_elements_text(
      coalesce(nullif(request -> 'client_ids', 'null'), '[]'))
    union all
    select c.client_id from public.conversations c where c.id = (request ->> 'conversation_id')::uuid
  ) as named;
  if cardinality(clients) > 50 then
    perform private.refuse(422, 'invalid_field', 'At most 50 clients are named at once', 'client_ids');
  end if;
  return coalesce(clients, '{}');
exception when data_exception then
  perform private.refuse(422, 'invalid_field', 'client_ids is a list of UUIDs', 'client_ids');
  return null;
end
$$;
revoke execute on function private.session_clients(jsonb) from public, anon, authenticated;
grant execute on function private.session_clients(jsonb) to service_role;

-- The rule of who may be invited, for the signed-in caller.
create or replace function private.check_session_clients(request jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if request ->> 'conversation_id' is not null
      and not private.is_my_conversation((request ->> 'conversation_id')::uuid) then
    perform private.refuse(404, 'conversation_not_found', 'You have no such conversation', 'conversation_id');
  end if;
  if exists (select from unnest(private.session_clients(request)) as client
      where not private.is_my_client(client)) then
    perform private.refuse(403, 'client_not_yours',
      'Each client needs an accepted lead or a conversation with you', 'client_ids');
  end if;
end
$$;
revoke execute on function private.check_session_clients(jsonb) from public, anon, authenticated;

-- The conversation in which a client hears of a session: the session's own, or the one that they have with its host; null
-- where there is none and no accepted lead.
create or replace function private.invitation_conversation(session public.video_sessions, client uuid)
returns uuid
language sql
set search_path = ''
as $$
  select coalesce(
    (select c.id from public.conversations c
      where c.id = session.conversation_id and c.client_id = client and c.provider_id = session.host_id),
    private.conversation_between(session.host_id, client))
$$;
revoke execute on function private.invitation_conversation(public.video_sessions, uuid)
  from public, anon, authenticated;
grant execute on function private.invitation_conversation(public.video_sessions, uuid) to service_role;

-- Sends the join link as a message into the conversation with each client, who takes part from then on, once for a
-- client and session; answers whom it was sent to now. Where there is no conversation (the lead was withdrawn
-- meanwhile), the notification has to do.
create or replace function private.invite_clients(
  session public.video_sessions, clients uuid[], note text default null)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  invited uuid[];
begin
  with sent as (
    insert into public.video_session_participants as known (session_id, user_id, invited_at)
      select session.id, client, now() from unnest(clients) as client
      on conflict on constraint video_session_participants_pkey do update set invited_at = excluded.invited_at
        where known.invited_at is null
      returning known.user_id)
  select coalesce(array_agg(sent.user_id), '{}') into invited from sent;
  insert into public.messages (conversation_id, sender_id, content)
    select told.conversation_id, session.host_id, concat_ws(E'\n', note, session.title,
      private.spoken_time(session.scheduled_start, session.timezone), session.join_url)
    from (
      select private.invitation_conversation(session, client) as conversation_id from unnest(invited) as client
    ) as told
    where told.conversation_id is not null;
  return invited;
end
$$;
revoke execute on function private.invite_clients(public.video_sessions, uuid[], text) from public, anon, authenticated;
grant execute on function private.invite_clients(public.video_sessions, uuid[], text) to service_role;

-- Writes the session of a checked request. `meeting` is what leads into it: {join_url, passcode?, id?}. Clients and
-- conversations that were deleted since the request was checked are left out.
create or replace function private.write_video_session(host uuid, request jsonb, meeting jsonb)
returns public.video_sessions
language plpgsql
set search_path = ''
as $$
declare
  session public.video_sessions := private.session_from_request(host, request);
  clients uuid[];
begin
  select coalesce(array_agg(p.id), '{}') into clients
    from public.profiles p where p.id = any (private.session_clients(request));
  insert into public.video_sessions (host_id, client_id, conversation_id, provider, title, description,
      scheduled_start, duration_minutes, timezone, max_participants, join_url, passcode, provider_meeting_id)
    values (host, case when cardinality(clients) = 1 then clients[1] end,
      (select c.id from public.conversations c where c.id = session.conversation_id),
      session.provider, session.title, session.description, session.scheduled_start, session.duration_minutes,
      session.timezone, session.max_participants,
      meeting ->> 'join_url', meeting ->> 'passcode', meeting ->> 'id')
    returning * into session;
  -- The host and the one client are there already: a trigger adds them to every session.
  insert into public.video_session_participants (session_id, user_id)
    select session.id, client from unnest(clients) as client
    on conflict do nothing;
  if coalesce((request ->> 'send_invite')::boolean, false) then
    perform private.invite_clients(session, clients);
  end if;
  return session;
end
$$;
revoke execute on function private.write_video_session(uuid, jsonb, jsonb) from public, anon, authenticated;
grant execute on function private.write_video_session(uuid, jsonb, jsonb) to service_role;
