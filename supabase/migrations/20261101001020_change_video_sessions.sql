-- update-video-session in SQL. Cancelling, ending, and whatever needs nothing of Zoom, is written in one call; what
-- Zoom has to do for it is an effect that the caller gets leased, to carry it out at once. Moving and starting a Zoom
-- session need Zoom's answer first. A move is recorded before Zoom is asked, as an effect that makes the meeting agree
-- with the row: whatever breaks between, the outbox puts it right.

-- The session with the changes of a reschedule; 422 naming the field that is not one or out of range.
create or replace function private.rescheduled(session public.video_sessions, changes jsonb)
returns public.video_sessions
language plpgsql
stable
set search_path = ''
as $$
declare
  field text;
begin
  for field in select jsonb_object_keys(changes) loop
    if field not in ('scheduled_start', 'duration_minutes', 'timezone') then
      perform private.refuse(422, 'invalid_field', format('%s cannot be changed by rescheduling', field), field);
    end if;
  end loop;
  field := 'scheduled_start';
  session.scheduled_start := coalesce((changes ->> field)::timestamptz, session.scheduled_start);
  field := 'duration_minutes';
  session.duration_minutes := coalesce((changes ->> field)::integer, session.duration_minutes);
  session.timezone := coalesce(changes ->> 'timezone', session.timezone);
  perform private.check_video_session(session);
  return session;
exception when data_exception then
  perform private.refuse(422, 'invalid_field', format('%s has the wrong form', field), field);
  return null;
end
$$;
revoke execute on function private.rescheduled(public.video_sessions, jsonb) from public, anon, authenticated;
grant execute on function private.rescheduled(public.video_sessions, jsonb) to service_role;

-- Leases an effect of the host to the caller, for 60 seconds, as a first attempt.
create or replace function private.lease_effect(effect_id uuid)
returns jsonb
language sql
set search_path = ''
as $$
  update private.outbox o
    set lease_id = gen_random_uuid(), leased_until = clock_timestamp() + interval '60 seconds', attempts = 1
    where o.id = effect_id and o.status = 'pending' and (o.leased_until is null or o.leased_until <= clock_timestamp())
    returning jsonb_build_object('id', o.id, 'lease_id', o.lease_id)
$$;
revoke execute on function private.lease_effect(uuid) from public, anon, authenticated;

-- The host's grant, where the meeting is, for a change that needs Zoom's answer; a move must not be under way.
create or replace function private.require_zoom(session public.video_sessions)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  granted constant jsonb := private.zoom_grant_of_account(session.host_id,
    (select z.zoom_user_id from private.zoom_meetings z where z.session_id = session.id));
begin
  case granted ->> 'status'
    when 'missing' then
      perform private.refuse(409, 'zoom_not_connected', 'Connect the Zoom account that has the meeting of this session');
    when 'reconnect_required' then
      perform private.refuse(409, 'zoom_reconnect_required', 'Connect Zoom again: the meeting of this session is there');
    else null;
  end case;
  if exists (select from private.outbox o
      where o.kind = 'zoom.sync_meeting' and o.status = 'pending' and o.host_id = session.host_id
        and o.payload ->> 'session_id' = session.id::text and o.leased_until > clock_timestamp()) then
    perform private.refuse(409, 'change_in_progress', 'This session is being moved already; ask again in a moment');
  end if;
  return granted;
end
$$;
revoke execute on function private.require_zoom(public.video_sessions) from public, anon, authenticated;

-- Cancel or end: written now, and the meeting is left to the caller, then to the outbox.
create or replace function private.close_video_session(session public.video_sessions, new_status text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  effect jsonb;
begin
  if session.status <> new_status then
    update public.video_sessions s set status = new_status where s.id = session.id returning s.* into session;
  end if;
  select private.lease_effect(o.id) into effect from private.outbox o
    where o.host_id = session.host_id and o.status = 'pending'
      and o.kind in ('zoom.delete_meeting', 'zoom.end_meeting')
      and o.payload ->> 'meeting_id' = session.provider_meeting_id
    order by o.created_at limit 1;
  if effect is null then
    return jsonb_build_object('outcome', 'done', 'session', to_jsonb(session));
  end if;
  return jsonb_build_object('outcome', 'zoom', 'session', to_jsonb(session), 'effect', effect,
    'meeting_id', session.provider_meeting_id, 'zoom', private.zoom_grant_of_account(session.host_id,
      (select z.zoom_user_id from private.zoom_meetings z where z.session_id = session.id)));
end
$$;
revoke execute on function private.close_video_session(public.video_sessions, text) from public, anon, authenticated;

create or replace function private.reschedule_video_session(session public.video_sessions, changes jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  moved public.video_sessions := private.rescheduled(session, changes);
  granted jsonb;
  effect uuid;
begin
  if session.status <> 'scheduled' then
    perform private.refuse(409, 'invalid_transition',
      format('A session that is %s cannot be moved', session.status), 'action');
  end if;
  if moved is not distinct from session then
    return jsonb_build_object('outcome', 'done', 'session', to_jsonb(session));
  end if;
  if session.provider_meeting_id is null then
    update public.video_sessions s
      set scheduled_start = moved.scheduled_start, duration_minutes = moved.duration_minutes, timezone = moved.timezone
      where s.id = session.id returning s.* into session;
    return jsonb_build_object('outcome', 'done', 'session', to_jsonb(session));
  end if;
  granted := private.require_zoom(session);
  insert into private.outbox (kind, host_id, payload, available_at)
    values ('zoom.sync_meeting', session.host_id,
      private.meeting_sync(session.id) || jsonb_build_object('sent', private.zoom_meeting_of(moved)),
      now() + interval '1 minute')
    returning id into effect;
  return jsonb_build_object('outcome', 'zoom', 'session', to_jsonb(session), 'effect', private.lease_effect(effect),
    'meeting_id', session.provider_meeting_id, 'meeting', private.zoom_meeting_of(moved), 'zoom', granted);
end
$$;
revoke execute on function private.reschedule_video_session(public.video_sessions, jsonb)
  from public, anon, authenticated;

create or replace function private.start_video_session(session public.video_sessions)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if session.provider_meeting_id is not null and session.status in ('scheduled', 'live') then
    return jsonb_build_object('outcome', 'zoom', 'session', to_jsonb(session),
      'meeting_id', session.provider_meeting_id, 'zoom', private.require_zoom(session));
  end if;
  -- The lifecycle refuses what is over.
  if session.status <> 'live' then
    update public.video_sessions s set status = 'live' where s.id = session.id returning s.* into session;
  end if;
  return jsonb_build_object('outcome', 'done', 'session', to_jsonb(session));
end
$$;
revoke execute on function private.start_video_session(public.video_sessions) from public, anon, authenticated;

-- Security definer: leases effects and reads the grant on the caller's behalf; the first statement asks for the right to.
create or replace function public.begin_session_change(session_id uuid, action text, changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  session public.video_sessions;
begin
  select s.* into session from public.video_sessions s
    where s.id = begin_session_change.session_id and s.host_id = auth.uid() for update;
  if not found then
    perform private.refuse(404, 'session_not_found', 'You host no such session', 'session_id');
  end if;
  case action
    when 'cancel' then return private.close_video_session(session, 'cancelled');
    when 'end' then return private.close_video_session(session, 'ended');
    when 'start' then return private.start_video_session(session);
    when 'reschedule' then return private.reschedule_video_session(session, coalesce(changes, '{}'));
    else perform private.refuse(422, 'invalid_field', 'action is reschedule, cancel, end or start', 'action');
  end case;
  return null;
end
$$;
revoke execute on function public.begin_session_change(uuid, text, jsonb) from public, anon, service_role;
grant execute on function public.begin_session_change(uuid, text, jsonb) to authenticated;

-- Zoom moved the meeting. `session` is null when the lease is lost, or the session was closed meanwhile: then the outbox
-- makes the meeting agree with the row.
create or replace function public.commit_zoom_reschedule(effect_id uuid, lease_id uuid, changes jsonb)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  effect private.outbox := private.lock_claim(commit_zoom_reschedule.effect_id);
  session public.video_sessions;
begin
  select s.* into session from public.video_sessions s
    where s.id = (effect.payload ->> 'session_id')::uuid and s.status = 'scheduled' for update;
  if not found or effect.status is distinct from 'pending'
      or effect.lease_id is distinct from commit_zoom_reschedule.lease_id then
    return jsonb_build_object('session', null);
  end if;
  session := private.rescheduled(session, changes);
  perform private.act_for(session.host_id), private.agree_with_zoom(true);
  update public.video_sessions s
    set scheduled_start = session.scheduled_start, duration_minutes = session.duration_minutes,
      timezone = session.timezone
    where s.id = session.id returning s.* into session;
  perform private.agree_with_zoom(false), private.stamp_zoom_meeting(session.id, clock_timestamp());
  -- The app may have changed the row meanwhile: then Zoom was told something else, and the effect stays to tell it again.
  update private.outbox o
    set lease_id = null, leased_until = null, available_at = now(),
      status = case when agrees then 'done' else 'pending' end, done_at = case when agrees then now() end
    from (values (private.zoom_meeting_of(session) = effect.payload -> 'sent')) as told (agrees)
    where o.id = effect.id;
  return jsonb_build_object('session', to_jsonb(session));
end
$$;
revoke execute on function public.commit_zoom_reschedule(uuid, uuid, jsonb) from public, anon, authenticated;
grant execute on function public.commit_zoom_reschedule(uuid, uuid, jsonb) to service_role;

-- Zoom refused: nothing was changed there, and nothing is.
create or replace function public.abandon_session_change(effect_id uuid, lease_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  delete from private.outbox o
    where o.id = effect_id and o.lease_id = abandon_session_change.lease_id and o.status = 'pending'
      and o.kind = 'zoom.sync_meeting';
  return jsonb_build_object('abandoned', found);
end
$$;
revoke execute on function public.abandon_session_change(uuid, uuid) from public, anon, authenticated;
grant execute on function public.abandon_session_change(uuid, uuid) to service_role;

-- The host got a start link: the session is live, and its start link readable by the host while it works.
create or replace function public.commit_zoom_start(session_id uuid, start_url text)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  session public.video_sessions;
begin
  select s.* into session from public.video_sessions s
    where s.id = commit_zoom_start.session_id and s.status in ('scheduled', 'live') for update;
  if not found then
    return jsonb_build_object('session', null);
  end if;
  perform private.act_for(session.host_id);
  update public.video_sessions s set status = 'live' where s.id = session.id and s.status = 'scheduled';
  insert into public.video_session_host_meta as known (session_id, host_id, host_start_url, expires_at)
    select session.id, session.host_id, commit_zoom_start.start_url, now() + interval '2 hours'
    where private.lock_zoom_connection(session.host_id)
    on conflict on constraint video_session_host_meta_pkey do update
      set host_start_url = excluded.host_start_url, expires_at = excluded.expires_at;
  return (select jsonb_build_object('session', to_jsonb(s)) from public.video_sessions s where s.id = session.id);
end
$$;
revoke execute on function public.commit_zoom_start(uuid, text) from public, anon, authenticated;
grant execute on function public.commit_zoom_start(uuid, text) to service_role;
