-- Who takes part in a session, and what they are told. The host, and the one client of `client_id`, are participants
-- from the same transaction on, however the row is written; whoever is added, and all of them when the session moves,
-- starts or is called off, find a notification. These functions are security definer because hosts write sessions and
-- participants themselves, but nobody writes notifications, or participants of the role host, through the API.

-- `client_id` and the participants agree: whom it no longer names is out.
create or replace function private.keep_video_session_people()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into public.video_session_participants (session_id, user_id, role) values (new.id, new.host_id, 'host');
  elsif old.client_id is distinct from new.client_id then
    delete from public.video_session_participants p
      where p.session_id = new.id and p.user_id = old.client_id and p.role = 'participant';
  end if;
  insert into public.video_session_participants (session_id, user_id)
    select new.id, new.client_id where new.client_id is not null
    on conflict do nothing;
  return null;
end
$$;
revoke execute on function private.keep_video_session_people() from public, anon, authenticated;
create or replace trigger video_sessions_keep_people after insert or update of client_id on public.video_sessions
  for each row execute function private.keep_video_session_people();

-- Who is taken out of a session no longer reads it as its one client either.
create or replace function private.forget_client()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.video_sessions s set client_id = null where s.id = old.session_id and s.client_id = old.user_id;
  return null;
end
$$;
revoke execute on function private.forget_client() from public, anon, authenticated;
create or replace trigger video_session_participants_forget after delete on public.video_session_participants
  for each row execute function private.forget_client();

-- Once an hour at most: adding and removing someone over and over must not fill their notifications. The trail knows
-- who was added when; its row for this time is there already, because triggers fire in the order of their names.
create or replace function private.tell_added_participant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if (select count(*) from public.session_audit a
      where a.session_id = new.session_id and a.created_at > now() - interval '1 hour'
        and a.action = 'participant_added' and a.details ->> 'user_id' = new.user_id::text) > 1
      or private.floods((select s.host_id from public.video_sessions s where s.id = new.session_id)) then
    return null;
  end if;
  perform private.notify(new.user_id, 'video_session_added', 'New video session',
      format('%s, %s', s.title, private.spoken_time(s.scheduled_start, s.timezone)),
      jsonb_build_object('session_id', s.id))
    from public.video_sessions s where s.id = new.session_id;
  return null;
end
$$;
revoke execute on function private.tell_added_participant() from public, anon, authenticated;
create or replace trigger video_session_participants_tell after insert on public.video_session_participants
  for each row when (new.role = 'participant') execute function private.tell_added_participant();

-- Whether a host did so much within an hour, themselves, that news of it would be a flood. What is called off is told all the same.
create or replace function private.floods(host uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select count(*) > 300 from (
    select from public.session_audit a
    where a.host_id = host and a.actor_id = host and a.created_at > now() - interval '1 hour' limit 301) as recent
$$;
revoke execute on function private.floods(uuid) from public, anon, authenticated;

create or replace function private.tell_video_session_people()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  session constant public.video_sessions := case when tg_op = 'DELETE' then old else new end;
  news constant text[] := case
    when tg_op = 'DELETE' or (new.status = 'cancelled' and old.status <> 'cancelled')
      then array['video_session_cancelled', 'Video session cancelled']
    when new.status = 'live' and old.status <> 'live' then array['video_session_started', 'Video session started']
    when new.status = 'scheduled' then array['video_session_rescheduled', 'Video session moved']
  end;
begin
  if news[1] = 'video_session_cancelled' or (news is not null and not private.floods(session.host_id)) then
    perform private.notify(p.user_id, news[1], news[2],
        format('%s, %s', session.title, private.spoken_time(session.scheduled_start, session.timezone)),
        jsonb_build_object('session_id', session.id))
      from public.video_session_participants p where p.session_id = session.id and p.role = 'participant';
  end if;
  return coalesce(new, old);
end
$$;
revoke execute on function private.tell_video_session_people() from public, anon, authenticated;
create or replace trigger video_sessions_tell_news after update on public.video_sessions
  for each row
  when (old.status is distinct from new.status or old.scheduled_start is distinct from new.scheduled_start
    or old.duration_minutes is distinct from new.duration_minutes)
  execute function private.tell_video_session_people();
-- Before, because the participants go with the session.
create or replace trigger video_sessions_tell_deletion before delete on public.video_sessions
  for each row when (old.status in ('scheduled', 'live')) execute function private.tell_video_session_people();
