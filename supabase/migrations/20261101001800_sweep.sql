-- Housekeeping, in one call: what is over gets its last status, what is no longer needed goes. deliver-outbox makes
-- the call with every delivery; where pg_cron is installed it does too, so that expiry does not wait for a function.
-- Nothing depends on when it runs: queries do not show what is over.

-- Sessions that are over though nobody said so, family by family: at most a thousand in a call, and none that someone
-- is changing right now. The next call comes within a minute.
-- Their meetings are over too, or never began: Zoom need not be told.
create or replace function private.sweep_video_sessions()
returns void
language sql
set search_path = ''
as $$
  select private.agree_with_zoom(true);
  update public.video_sessions s set status = 'ended' where s.id in (
    select o.id from public.video_sessions o
    where o.status in ('scheduled', 'live') and o.scheduled_start < private.overdue_before()
    order by o.scheduled_start limit 1000
    for update skip locked);
  select private.agree_with_zoom(false);
$$;

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

create or replace function private.sweep_video_meetings()
returns void
language sql
set search_path = ''
as $$
  update public.video_meetings m set status = 'completed' where m.id in (
    select o.id from public.video_meetings o
    where o.status in ('pending', 'active') and o.scheduled_start < private.overdue_before()
    order by o.scheduled_start limit 1000
    for update skip locked)
$$;

create or replace function private.sweep_virtual_sessions()
returns void
language sql
set search_path = ''
as $$
  update public.virtual_sessions s set status = 'completed' where s.id in (
    select o.id from public.virtual_sessions o
    where o.status in ('upcoming', 'live') and o.scheduled_time < private.overdue_before()
    order by o.scheduled_time limit 1000
    for update skip locked)
$$;

create or replace function private.sweep_meetings()
returns void
language sql
set search_path = ''
as $$
  update public.meetings m set status = 'completed' where m.id in (
    select o.id from public.meetings o
    where o.status in ('scheduled', 'in_progress')
      and coalesce(o.started_at, o.scheduled_at) < private.overdue_before()
    order by coalesce(o.started_at, o.scheduled_at) limit 1000
    for update skip locked)
$$;

-- Tries that no longer count.
create or replace function private.sweep_passcode_attempts()
returns void
language sql
set search_path = ''
as $$
  delete from private.passcode_attempts a where a.attempted_at < now() - interval '15 minutes'
$$;
revoke execute on function private.sweep_video_sessions(), private.sweep_instant_sessions(),
  private.sweep_video_meetings(), private.sweep_virtual_sessions(), private.sweep_meetings(),
  private.sweep_passcode_attempts() from public, anon, authenticated;
grant execute on function private.sweep_video_sessions(), private.sweep_instant_sessions(),
  private.sweep_video_meetings(), private.sweep_virtual_sessions(), private.sweep_meetings(),
  private.sweep_passcode_attempts() to service_role;

create or replace function private.sweep()
returns void
language sql
set search_path = ''
as $$
  select private.sweep_outbox(), private.sweep_video_sessions(), private.sweep_instant_sessions(),
    private.sweep_video_meetings(), private.sweep_virtual_sessions(), private.sweep_meetings(),
    private.sweep_passcode_attempts()
$$;
revoke execute on function private.sweep() from public, anon, authenticated;
grant execute on function private.sweep() to service_role;

do $migration$
begin
  if exists (select from pg_extension where extname = 'pg_cron') then
    perform cron.schedule('convene-sweep', '* * * * *', 'select private.sweep()');
  end if;
end
$migration$;
