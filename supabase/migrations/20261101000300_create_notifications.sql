-- What happens to someone's sessions reaches them as a row here, written in the same transaction as the thing it
-- tells of. The recipient reads it and marks it read; nobody writes one through the API.

do $migration$
begin
  if to_regclass('public.notifications') is not null then
    return;
  end if;
  create table public.notifications (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.profiles (id) on delete cascade,
    type text not null,
    title text not null,
    body text not null,
    data jsonb not null default '{}',
    read_at timestamptz,
    created_at timestamptz not null default now()
  );
  create index notifications_user_id_created_at_idx on public.notifications (user_id, created_at desc);
  alter table public.notifications enable row level security;
  revoke all on public.notifications from public, anon, authenticated, service_role;
  grant select on public.notifications to authenticated;
  grant update (read_at) on public.notifications to authenticated;
  grant all on public.notifications to service_role;

  create trigger notifications_freeze_content before update on public.notifications
    for each row execute function
      private.freeze_columns('id', 'user_id', 'type', 'title', 'body', 'data', 'created_at');

  create policy "Recipients read their notifications" on public.notifications
    for select to authenticated using (user_id = (select auth.uid()));
  create policy "Recipients mark their notifications read" on public.notifications
    for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
end
$migration$;

-- Someone whose account is gone meanwhile is simply not told.
create or replace function private.notify(recipient uuid, type text, title text, body text, data jsonb)
returns void
language sql
set search_path = ''
as $$
  insert into public.notifications (user_id, type, title, body, data)
  select p.id, notify.type, notify.title, notify.body, notify.data from public.profiles p where p.id = recipient
$$;
revoke execute on function private.notify(uuid, text, text, text, jsonb) from public, anon, authenticated;
grant execute on function private.notify(uuid, text, text, text, jsonb) to service_role;

-- In a meeting of two, what one side does is news to the other only. When the service acts on its own account, both are
-- told.
create or replace function private.notify_others(people uuid[], type text, title text, body text, data jsonb)
returns void
language sql
set search_path = ''
as $$
  select private.notify(person, notify_others.type, notify_others.title, notify_others.body, notify_others.data)
  from unnest(people) as person
  where person is distinct from private.acting_user()
$$;
revoke execute on function private.notify_others(uuid[], text, text, text, jsonb) from public, anon, authenticated;

-- A moment as people read it: local time and the zone's name.
create or replace function private.spoken_time(moment timestamptz, zone text default 'UTC')
returns text
language sql
stable
set search_path = ''
as $$
  select to_char(moment at time zone zone, 'YYYY-MM-DD HH24:MI') || ' (' || zone || ')'
$$;
revoke execute on function private.spoken_time(timestamptz, text) from public, anon, authenticated;
grant execute on function private.spoken_time(timestamptz, text) to service_role;
