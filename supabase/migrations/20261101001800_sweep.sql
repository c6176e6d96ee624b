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

-- Since when a meeting is left: its room is empty, and nobody came back or asked to within ten minutes, nor within ten of
-- its planned start.
create or replace function private.meeting_left_since(meeting public.meetings)
returns timestamptz
language sql
set search_path = ''
as $$
  select r.empty_since from private.meeting_rooms r
  where r.meeting_id = meeting.id
    and greatest(r.empty_since, r.admitted_at, meeting.scheduled_at) < now() - interval '10 minutes'
    and not exists (
      select from public.meeting_attendance a where a.meeting_id = meeting.id and a.joined_at > r.empty_since)
$$;
create or replace function private.sweep_left_meetings()
returns void
language plpgsql
set search_path = ''
as $$
declare
  meeting public.meetings;
  left_since timestamptz;
begin
  for meeting in
    select m.* from private.meeting_rooms r join public.meetings m on m.id = r.meeting_id
    where r.empty_since < now() - interval '10 minutes' and m.status = 'in_progress'
    limit 1000
    for update of m skip locked
  loop
    -- Asked under the lock: somebody may have joined since the query began.
    left_since := private.meeting_left_since(meeting);
    if left_since is not null then
      perform private.finish_meeting(meeting, left_since);
    end if;
  end loop;
end
$$;
revoke execute on function private.meeting_left_since(public.meetings) from public, anon, authenticated;
grant execute on function private.meeting_left_since(public.meetings) to service_role;

-- Tries that no longer count, and periods that are over.
create or replace function private.sweep_counts()
returns void
language sql
set search_path = ''
as $$
  delete from private.passcode_attempts a where a.attempted_at < now() - interval '15 minutes';
  delete from private.rate_limits l where l.subject in (
    select o.subject from private.rate_limits o where o.ends_at < now() for update skip locked);
$$;
revoke execute on function private.sweep_video_sessions(), private.sweep_instant_sessions(),
  private.sweep_video_meetings(), private.sweep_virtual_sessions(), private.sweep_meetings(),
  private.sweep_left_meetings(), private.sweep_counts() from public, anon, authenticated;
grant execute on function private.sweep_video_sessions(), private.sweep_instant_sessions(),
  private.sweep_video_meetings(), private.sweep_virtual_sessions(), private.sweep_meetings(),
  private.sweep_left_meetings(), private.sweep_counts() to service_role;

create or replace function private.sweep()
returns void
language sql
set search_path = ''
as $$
  select private.sweep_outbox(), private.sweep_video_sessions(), private.sweep_instant_sessions(),
    private.sweep_video_meetings(), private.sweep_virtual_sessions(), private.sweep_meetings(),
    private.sweep_left_meetings(), private.sweep_counts()
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
