-- The end of an instant session, by its therapist or by the sweep: everyone in it has left.

-- Security definer: the therapist who ends a session writes no one else's row.
create or replace function private.empty_instant_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- After whoever is coming back right now.
  perform private.lock_instant_places(new.id);
  update public.instant_session_participants p set is_active = false, left_at = new.ended_at
    where p.session_id = new.id and p.is_active;
  return null;
end
$$;
revoke execute on function private.empty_instant_session() from public, anon, authenticated;
create or replace trigger instant_sessions_empty after update of is_active on public.instant_sessions
  for each row when (old.is_active and not new.is_active) execute function private.empty_instant_session();
