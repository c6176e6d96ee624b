-- Each family of sessions has its own words for one lifecycle: scheduled -> live -> completed, or scheduled ->
-- cancelled. The rule of which move is allowed stands here and holds for everyone, the service included, however the
-- row is written: what was cancelled is not revived, and of a cancel and a start at the same moment one wins.

-- Trigger on UPDATE of `status`. Arguments: the family's words for scheduled, live, completed and cancelled, and the
-- column with the planned start. What nobody started can be completed once its time has come: it is expired.
create or replace function private.guard_lifecycle()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  scheduled constant text := tg_argv[0];
  live constant text := tg_argv[1];
  completed constant text := tg_argv[2];
  cancelled constant text := tg_argv[3];
  planned_start constant timestamptz := to_jsonb(old) ->> tg_argv[4];
begin
  if new.status = old.status
      or (old.status, new.status) in ((scheduled, live), (scheduled, cancelled), (live, completed))
      or ((old.status, new.status) = (scheduled, completed) and planned_start <= now()) then
    return new;
  end if;
  perform private.refuse(409, 'invalid_transition',
    format('A session that is %s cannot become %s', old.status, new.status), 'status');
  return null;
end
$$;
revoke execute on function private.guard_lifecycle() from public, anon, authenticated;

-- A session that started, or should have, before this is over, whatever its status still says: twelve hours after the
-- longest one. Queries do not show it until the sweep has completed it.
create or replace function private.overdue_before()
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select now() - interval '36 hours'
$$;
revoke execute on function private.overdue_before() from public;
grant execute on function private.overdue_before() to anon, authenticated, service_role;
