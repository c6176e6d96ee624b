-- What those who registered are told: when a group session moves or is called off, everyone; when it starts, those with
-- a seat. Security definer, because creators write sessions themselves, but nobody writes notifications through the
-- API.

-- The session is locked: an account that is being deleted may wait for it, and is left out.
create or replace function private.notify_of_virtual_session(
  session public.virtual_sessions, people uuid[], type text, title text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  told uuid;
begin
  for told in select p.id from public.profiles p where p.id = any (people) for key share skip locked
  loop
    perform private.notify(told, notify_of_virtual_session.type, notify_of_virtual_session.title,
      format('%s, %s', session.title, private.spoken_time(session.scheduled_time)),
      jsonb_build_object('session_id', session.id));
  end loop;
end
$$;
revoke execute on function private.notify_of_virtual_session(public.virtual_sessions, uuid[], text, text)
  from public, anon, authenticated;

create or replace function private.tell_virtual_session_people()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  session constant public.virtual_sessions := case when tg_op = 'DELETE' then old else new end;
  news constant text[] := case
    when tg_op = 'DELETE' or (new.status = 'cancelled' and old.status <> 'cancelled')
      then array['virtual_session_cancelled', 'Group session cancelled']
    when new.status = 'live' and old.status <> 'live' then array['virtual_session_started', 'Group session started']
    when new.status = 'upcoming' then array['virtual_session_rescheduled', 'Group session moved']
  end;
begin
  -- To delete what is over tells nobody.
  if news is not null and (tg_op = 'UPDATE' or private.is_open_virtual_session(session))
      and (news[1] = 'virtual_session_cancelled' or not private.floods(session.creator_id)) then
    perform private.notify_of_virtual_session(session, array(
      select r.user_id from public.virtual_session_registrations r
      where r.session_id = session.id
        and (r.status = 'registered' or r.status = 'waiting' and news[1] <> 'virtual_session_started')),
      news[1], news[2]);
  end if;
  return coalesce(new, old);
end
$$;
revoke execute on function private.tell_virtual_session_people() from public, anon, authenticated;
create or replace trigger virtual_sessions_tell_news after update on public.virtual_sessions
  for each row
  when (old.status is distinct from new.status or old.scheduled_time is distinct from new.scheduled_time
    or old.duration_minutes is distinct from new.duration_minutes)
  execute function private.tell_virtual_session_people();
-- Before, because the registrations go with the session.
create or replace trigger virtual_sessions_tell_deletion before delete on public.virtual_sessions
  for each row when (old.status in ('upcoming', 'live')) execute function private.tell_virtual_session_people();
