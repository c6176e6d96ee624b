-- On hosted Supabase pg_cron and pg_net can call deliver-outbox every minute. The migration only offers the function;
-- scheduling needs two secrets that are not in any migration. In the SQL editor, once:
--
--   select vault.create_secret('https://<ref>.supabase.co/functions/v1/deliver-outbox', 'deliver_outbox_url');
--   select vault.create_secret('<SCHEDULER_SECRET>', 'scheduler_secret');
--   select private.schedule_outbox();
--
-- Elsewhere (a Cron trigger at Cloudflare, scripts/dev) the extensions are absent, and so is the function.

do $migration$
begin
  if (select count(*) from pg_available_extensions where name in ('pg_cron', 'pg_net')) < 2 then
    return;
  end if;

  create or replace function private.schedule_outbox()
  returns void
  language plpgsql
  set search_path = ''
  as $function$
  begin
    create extension if not exists pg_cron with schema pg_catalog;
    create extension if not exists pg_net with schema extensions;
    -- The job reads the secrets at each run: a rotated one needs no new schedule.
    perform cron.schedule('convene-deliver-outbox', '* * * * *', $job$
      select net.http_post(
        url := (select decrypted_secret from vault.decrypted_secrets where name = 'deliver_outbox_url'),
        headers := jsonb_build_object('Content-Type', 'application/json', 'Authorization',
          'Bearer ' || (select decrypted_secret from vault.decrypted_secrets where name = 'scheduler_secret')),
        body := '{}'::jsonb,
        timeout_milliseconds := 55000)
    $job$);
  end
  $function$;
  revoke execute on function private.schedule_outbox() from public, anon, authenticated, service_role;
end
$migration$;
