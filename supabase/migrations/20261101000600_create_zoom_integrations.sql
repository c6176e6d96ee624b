-- A host's connection to Zoom. The tokens are sealed by the functions before they get here; nothing in the database
-- opens them. Zoom rotates the refresh token with every use and kills the old one, so exactly one worker may refresh
-- at a time: it holds a lease, and only the holder's result is saved.

create table if not exists public.user_integrations_zoom (
  user_id uuid primary key references auth.users (id) on delete cascade,
  access_token text not null,
  refresh_token text not null,
  expires_at timestamptz not null,
  scope text not null default '',
  status text not null default 'connected' check (status in ('connected', 'reconnect_required')),
  zoom_user_id text,
  zoom_account_id text,
  zoom_account_email text,
  connected_at timestamptz not null default now()
);
create index if not exists user_integrations_zoom_zoom_user_id_idx on public.user_integrations_zoom (zoom_user_id);
alter table public.user_integrations_zoom enable row level security;
revoke all on public.user_integrations_zoom from public, anon, authenticated, service_role;
grant select on public.user_integrations_zoom to authenticated;
grant all on public.user_integrations_zoom to service_role;

drop policy if exists "Users read their own Zoom connection" on public.user_integrations_zoom;
create policy "Users read their own Zoom connection" on public.user_integrations_zoom
  for select to authenticated using (user_id = (select auth.uid()));

create table if not exists private.zoom_refresh_leases (
  user_id uuid primary key references public.user_integrations_zoom (user_id) on delete cascade,
  lease_id uuid not null,
  leased_until timestamptz not null
);
alter table private.zoom_refresh_leases enable row level security;
revoke all on private.zoom_refresh_leases from public, anon, authenticated;
grant select, insert, update, delete on private.zoom_refresh_leases to service_role;

-- New tokens, from a refresh or from connecting again, end every refresh under way: its result is about old ones.
create or replace function private.end_zoom_refresh()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  delete from private.zoom_refresh_leases l where l.user_id = new.user_id;
  return null;
end
$$;
revoke execute on function private.end_zoom_refresh() from public, anon, authenticated;
create or replace trigger end_zoom_refresh after update of refresh_token on public.user_integrations_zoom
  for each row execute function private.end_zoom_refresh();

-- What a function needs to call Zoom for a user: the sealed tokens, and, when they must be refreshed, either the lease
-- that entitles to do so (`refresh_lease`, 8 s: a refresh is given up after 5) or the news that someone else is at it (`refresh_busy`). They must be
-- refreshed when they expire within two minutes, or when Zoom refused the access token that is still the stored one.
-- With `lease_refresh` false no lease is taken, because the caller would not refresh at once: it asks again when it gets there.
create or replace function public.zoom_grant(
  user_id uuid, refused_access_token text default null, lease_refresh boolean default true)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  integration public.user_integrations_zoom;
  must_refresh boolean;
  lease uuid;
begin
  -- The row lock orders this against save_zoom_tokens: old tokens never come with a fresh lease.
  select z.* into integration from public.user_integrations_zoom z where z.user_id = zoom_grant.user_id for update;
  if not found or integration.status <> 'connected' then
    return jsonb_build_object('user_id', zoom_grant.user_id, 'status', coalesce(integration.status, 'missing'),
      'access_token', null, 'refresh_token', null,
      'refresh_lease', null, 'refresh_busy', false);
  end if;
  must_refresh := integration.expires_at < clock_timestamp() + interval '2 minutes'
    or (refused_access_token is not null and integration.access_token = refused_access_token);
  if must_refresh and lease_refresh then
    insert into private.zoom_refresh_leases as held (user_id, lease_id, leased_until)
      values (zoom_grant.user_id, gen_random_uuid(), clock_timestamp() + interval '8 seconds')
      on conflict on constraint zoom_refresh_leases_pkey do update set lease_id = excluded.lease_id, leased_until = excluded.leased_until
        where held.leased_until <= clock_timestamp()
      returning held.lease_id into lease;
  end if;
  return jsonb_build_object('user_id', zoom_grant.user_id, 'status', integration.status,
    'access_token', integration.access_token, 'refresh_token', integration.refresh_token,
    'refresh_lease', lease, 'refresh_busy', must_refresh and lease is null);
end
$$;
revoke execute on function public.zoom_grant(uuid, text, boolean) from public, anon, authenticated;
grant execute on function public.zoom_grant(uuid, text, boolean) to service_role;

-- The grant, for what only one Zoom account can do: to whoever connected another one since, it is missing.
create or replace function private.zoom_grant_of_account(
  user_id uuid, zoom_user_id text, lease_refresh boolean default true)
returns jsonb
language sql
set search_path = ''
as $$
  select case when exists (select from public.user_integrations_zoom z
      where z.user_id = zoom_grant_of_account.user_id and z.zoom_user_id <> zoom_grant_of_account.zoom_user_id)
    then jsonb_build_object('user_id', user_id, 'status', 'missing', 'refresh_busy', false)
    else public.zoom_grant(user_id, lease_refresh => lease_refresh) end
$$;
revoke execute on function private.zoom_grant_of_account(uuid, text, boolean) from public, anon, authenticated;
grant execute on function private.zoom_grant_of_account(uuid, text, boolean) to service_role;

-- Saves the pair that a refresh gave. Zoom gives each refresh token out once, so the pair that was made with the stored one is the
-- only valid one, however late it comes and whoever holds the lease by now: it is compared and swapped.
create or replace function public.save_zoom_tokens(
  user_id uuid, used_refresh_token text, access_token text, refresh_token text, expires_at timestamptz, scope text)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  update public.user_integrations_zoom z
    set access_token = save_zoom_tokens.access_token,
        refresh_token = save_zoom_tokens.refresh_token,
        expires_at = save_zoom_tokens.expires_at,
        scope = coalesce(save_zoom_tokens.scope, z.scope),
        status = 'connected'
    where z.user_id = save_zoom_tokens.user_id
      and z.refresh_token = save_zoom_tokens.used_refresh_token;  -- the trigger ends the lease
  return jsonb_build_object('saved', found);
end
$$;
revoke execute on function public.save_zoom_tokens(uuid, text, text, text, timestamptz, text)
  from public, anon, authenticated;
grant execute on function public.save_zoom_tokens(uuid, text, text, text, timestamptz, text) to service_role;

-- Zoom refused a sealed token of the user: the refresh token, or an access token that was just refreshed. It counts only
-- while that token is the stored one and no other flight (one with another lease than `refresh_lease`) is refreshing: it
-- may have got the new pair already. Told once.
create or replace function public.mark_zoom_reconnect(
  user_id uuid, refused_token text, refresh_lease uuid default null)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  perform from public.user_integrations_zoom z where z.user_id = mark_zoom_reconnect.user_id for update;
  update public.user_integrations_zoom z set status = 'reconnect_required'
    where z.user_id = mark_zoom_reconnect.user_id and z.status = 'connected'
      and mark_zoom_reconnect.refused_token in (z.access_token, z.refresh_token)
      and not exists (select from private.zoom_refresh_leases l
        where l.user_id = z.user_id and l.leased_until > clock_timestamp()
          and l.lease_id is distinct from mark_zoom_reconnect.refresh_lease);
  if not found then
    return jsonb_build_object('marked', false);
  end if;
  delete from private.zoom_refresh_leases l where l.user_id = mark_zoom_reconnect.user_id;
  perform private.notify(mark_zoom_reconnect.user_id, 'zoom_reconnect_required', 'Connect Zoom again',
    'Zoom no longer accepts the connection to your account. Connect it again to create Zoom sessions.', '{}');
  return jsonb_build_object('marked', true);
end
$$;
revoke execute on function public.mark_zoom_reconnect(uuid, text, uuid) from public, anon, authenticated;
grant execute on function public.mark_zoom_reconnect(uuid, text, uuid) to service_role;
