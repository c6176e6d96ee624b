-- The end of an instant session, by its therapist or by its time: everyone in it has left. Nothing depends on when the
-- sweep runs, because queries show no session that is past its time but not ended.

-- Security definer: the therapist who ends a session writes no one else's row.
create or replace function private.empty_instant_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.instant_session_participants p set is_active = false, left_at = new.ended_at
    where p.session_id = new.id and p.is_active;
  return null;
end
$$;
revoke execute on function private.empty_instant_session() from public, anon, authenticated;
create or replace trigger instant_sessions_empty after update of is_active on public.instant_sessions
  for each row when (old.is_active and not new.is_active) execute function private.empty_instant_session();

create or replace function private.sweep_instant_sessions()
returns void
language sql
set search_path = ''
as $$
  update public.instant_sessions s set is_active = false where s.id in (
    select o.id from public.instant_sessions o where o.is_active and o.expires_at <= now()
    order by o.expires_at limit 1000
    for update skip locked)
$$;
revoke execute on function private.sweep_instant_sessions() from public, anon, authenticated;
grant execute on function private.sweep_instant_sessions() to service_role;
