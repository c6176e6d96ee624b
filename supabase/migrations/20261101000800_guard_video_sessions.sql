-- What holds for every session, however it is written: values in range, told as a 422 that names the field (a CHECK
-- would be an anonymous error); the columns that a host may not touch; the lifecycle and the trail.

create or replace function private.is_timezone(name text)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  -- PostgreSQL takes almost any string with a digit for a POSIX zone, and any case, hence the pattern of an IANA name.
  if (name ~ '^(UTC|Etc/GMT[+-](1[0-4]|[0-9])|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+)+)$') is not true then
    return false;
  end if;
  perform now() at time zone name;
  return true;
exception when invalid_parameter_value then
  return false;
end
$$;
revoke execute on function private.is_timezone(text) from public, anon;
grant execute on function private.is_timezone(text) to authenticated, service_role;

create or replace function private.check_video_session(session public.video_sessions)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  refused constant text[] := case
    when not private.is_visible_line(session.title, 200)
      then array['title', 'title is one line of 1 to 200 characters']
    when not private.is_plain_text(session.description, 2000)
      then array['description', 'description is plain text of at most 2000 characters']
    when session.scheduled_start is null or not isfinite(session.scheduled_start)
        or session.scheduled_start > now() + interval '10 years'
      then array['scheduled_start', 'scheduled_start is a date and time']
    when session.duration_minutes is null or session.duration_minutes not between 1 and 1440
      then array['duration_minutes', 'duration_minutes is between 1 and 1440']
    when session.max_participants not between 1 and 1000
      then array['max_participants', 'max_participants is between 1 and 1000']
    when session.timezone is null or not private.is_timezone(session.timezone)
      then array['timezone', 'timezone is an IANA name such as Europe/Berlin']
    when session.provider is null
        or session.provider not in ('zoom', 'meet', 'jitsi', 'teams', 'manual', 'openvidu')
      then array['provider', 'provider is zoom, meet, jitsi, teams, manual or openvidu']
    when char_length(session.join_url) > 2048
        -- No user name before the host, and no backslash, with which a link can look like another.
        or session.join_url !~ '^https://[^/?#@\\[:space:][:cntrl:]]+([/?#][^\\[:space:][:cntrl:]]*)?$'
        -- Nor a character that is not seen, or turns the text around it.
        or session.join_url ~ '[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]'
        or session.join_url ~* '([^a-z0-9]|%[0-9a-f]{2})(z|%7a)(a|%61)(k|%6b)(=|%3d)'
      -- A link with `zak=` signs whoever opens it in as the host.
      then array['join_url', 'join_url is an https link that guests can open, of at most 2048 characters']
    when char_length(session.passcode) not between 1 and 64
      then array['passcode', 'passcode has 1 to 64 characters']
  end;
begin
  if refused is not null then
    perform private.refuse(422, 'invalid_field', refused[2], refused[1]);
  end if;
end
$$;
revoke execute on function private.check_video_session(public.video_sessions) from public, anon;
grant execute on function private.check_video_session(public.video_sessions) to authenticated, service_role;

create or replace function private.guard_video_session()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.check_video_session(new);
  -- What a client may insert is in the policy.
  if tg_op = 'INSERT' or current_user not in ('anon', 'authenticated') then
    return new;
  end if;
  if new.client_id is not null and new.client_id is distinct from old.client_id
      and not private.is_my_client(new.client_id) then
    perform private.refuse(403, 'client_not_yours',
      'A client needs an accepted lead or a conversation with you', 'client_id');
  end if;
  if new.conversation_id is not null and new.conversation_id is distinct from old.conversation_id
      and not private.is_my_conversation(new.conversation_id) then
    perform private.refuse(404, 'conversation_not_found', 'You have no such conversation', 'conversation_id');
  end if;
  return new;
end
$$;
revoke execute on function private.guard_video_session() from public, anon, authenticated;
create or replace trigger video_sessions_guard before insert or update on public.video_sessions
  for each row execute function private.guard_video_session();
create or replace trigger video_sessions_freeze before update on public.video_sessions
  for each row execute function private.freeze_columns('id', 'host_id', 'provider_meeting_id', 'created_at');
-- What leads into a meeting that the service made.
create or replace trigger video_sessions_freeze_meeting before update on public.video_sessions
  for each row when (old.provider_meeting_id is not null)
  execute function private.freeze_columns('provider', 'join_url', 'passcode');
create or replace trigger video_sessions_touch_updated_at before update on public.video_sessions
  for each row execute function private.touch_updated_at();

create or replace trigger video_sessions_lifecycle before update of status on public.video_sessions
  for each row execute function private.guard_lifecycle('scheduled', 'live', 'ended', 'cancelled', 'scheduled_start');
create or replace trigger video_sessions_audit after insert or update or delete on public.video_sessions
  for each row execute function private.audit_session('host_id');
create or replace trigger video_session_participants_audit
  after insert or update or delete on public.video_session_participants
  for each row execute function private.audit_participant('video_sessions', 'host_id', 'session_id');
