-- Housekeeping, in one call: what is over gets its last status, what is no longer needed goes. deliver-outbox makes
-- the call with every delivery; where pg_cron is installed it does too, so that expiry does not wait for a function.
-- Nothing depends on when it runs: queries do not show what is over.

create or replace function private.sweep()
returns void
language sql
set search_path = ''
as $$
  select private.sweep_outbox(), private.sweep_video_sessions(), private.sweep_instant_sessions(),
    private.sweep_video_meetings(), private.sweep_passcode_attempts(), private.sweep_virtual_sessions(),
    private.sweep_meetings()
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
