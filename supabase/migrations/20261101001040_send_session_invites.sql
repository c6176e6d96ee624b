-- send-session-invite in SQL: the host sends the join link to clients of theirs, into the conversation with each, in one
-- transaction. Who was not in the session takes part from then on, and everybody is told once.

-- Whom the request names; without names, the participants who are the host's clients, fifty at a time.
create or replace function private.clients_to_invite(
  session public.video_sessions, client_ids uuid[], conversation_id uuid)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  request constant jsonb := jsonb_build_object('client_ids', client_ids, 'conversation_id', conversation_id);
begin
  if client_ids is not null and conversation_id is not null then
    perform private.refuse(422, 'invalid_field', 'client_ids cannot be given together with conversation_id',
      'client_ids');
  elsif client_ids is null and conversation_id is null then
    return array(select p.user_id from public.video_session_participants p
      where p.session_id = session.id and p.role = 'participant' and private.is_my_client(p.user_id)
      order by p.invited_at nulls first, p.user_id limit 50);
  end if;
  if cardinality(client_ids) = 0 then
    perform private.refuse(422, 'invalid_field', 'client_ids names a client; leave it out to invite everyone there',
      'client_ids');
  end if;
  perform private.check_session_clients(request);
  return private.session_clients(request);
end
$$;
revoke execute on function private.clients_to_invite(public.video_sessions, uuid[], uuid)
  from public, anon, authenticated;

-- Security definer: writes messages, participants and notifications on the caller's behalf, who may invite into their own
-- sessions, and nobody but their own clients.
create or replace function public.send_session_invite(
  session_id uuid, client_ids uuid[], conversation_id uuid, message text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  session public.video_sessions;
  clients uuid[];
  present uuid[];
  invited uuid[];
begin
  -- Invitations into one session go one after the other: each client gets one.
  select s.* into session from public.video_sessions s
    where s.id = send_session_invite.session_id and s.host_id = auth.uid() for no key update;
  if not found then
    perform private.refuse(404, 'session_not_found', 'You host no such session', 'session_id');
  elsif session.status not in ('scheduled', 'live') or session.scheduled_start < private.overdue_before() then
    perform private.refuse(409, 'session_closed', 'Nobody is invited to a session that is over or cancelled');
  elsif session.join_url is null then
    perform private.refuse(409, 'no_join_link', 'This session has no join link yet');
  elsif message = '' or not private.is_plain_text(message, 1000) then
    perform private.refuse(422, 'invalid_field', 'message has 1 to 1000 characters', 'message');
  end if;
  clients := private.clients_to_invite(session, client_ids, conversation_id);
  present := array(select p.user_id from public.video_session_participants p
    where p.session_id = session.id and p.user_id = any (clients));
  invited := private.invite_clients(session, clients, message);
  if cardinality(invited) > 0 then
    perform private.spend('invitations ' || session.host_id, cardinality(invited), 100, interval '1 hour',
      'too_many_invites', 'You have sent a hundred invitations within an hour; try again later');
  end if;
  -- Whoever is new is told of that already.
  perform private.notify(client, 'video_session_invited', 'Invitation to a video session',
      format('%s, %s', session.title, private.spoken_time(session.scheduled_start, session.timezone)),
      jsonb_build_object('session_id', session.id))
    from unnest(invited) as client where client = any (present);
  return jsonb_build_object('invitations', (
    select coalesce(jsonb_agg(jsonb_build_object('client_id', client,
      'conversation_id', private.invitation_conversation(session, client),
      'status', case when client = any (invited) then 'invited' else 'already_invited' end)), '[]')
    from unnest(clients) as client));
end
$$;
revoke execute on function public.send_session_invite(uuid, uuid[], uuid, text) from public, anon, service_role;
grant execute on function public.send_session_invite(uuid, uuid[], uuid, text) to authenticated;
