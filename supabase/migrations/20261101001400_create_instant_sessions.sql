-- Sessions of the therapy app that start at once and are entered by a link, also without an account. The link's token
-- is the only key: a request presents it in the header `x-session-token`, and no query lists what its caller could not
-- name. Whoever was let in is a participant; a guest, who has no account, proves to be the same one again by a random
-- secret of their own in the header `x-guest-secret`. Holding the link alone, or waiting in the lobby, shows nobody's
-- name.

create table if not exists public.instant_sessions (
  id uuid primary key default gen_random_uuid(),
  session_name text not null,
  -- 244 random bits.
  session_token text not null unique
    default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
  therapist_id uuid not null references public.profiles (id) on delete cascade,
  is_active boolean not null default true,
  expires_at timestamptz not null default now() + interval '24 hours',
  locked boolean not null default false,
  lobby boolean not null default false,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create index if not exists instant_sessions_therapist_id_created_at_idx
  on public.instant_sessions (therapist_id, created_at);
create index if not exists instant_sessions_active_idx on public.instant_sessions (expires_at) where is_active;

create table if not exists public.instant_session_participants (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.instant_sessions (id) on delete cascade,
  -- Null for guests.
  user_id uuid references public.profiles (id) on delete cascade,
  participant_name text not null,
  is_active boolean not null default true,
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  -- Null while waiting in the lobby.
  admitted_at timestamptz,
  -- SHA-256 in hex: participants see each other's rows.
  guest_secret_hash text,
  unique (session_id, user_id),
  unique (guest_secret_hash, session_id)
);
create index if not exists instant_session_participants_user_id_idx on public.instant_session_participants (user_id);

-- Who was removed stays out, though their row is gone and they still have the link. Of a guest the secret's hash is
-- known: with another secret they are somebody new.
create table if not exists private.instant_session_removals (
  id bigint generated always as identity primary key,
  session_id uuid not null references public.instant_sessions (id) on delete cascade,
  user_id uuid references public.profiles (id) on delete cascade,
  guest_secret_hash text,
  removed_at timestamptz not null default now(),
  -- They may come again; who was away at that time waits in the lobby all the same.
  readmitted_at timestamptz,
  check (num_nonnulls(user_id, guest_secret_hash) = 1)
);
create unique index if not exists instant_session_removals_session_id_user_id_idx
  on private.instant_session_removals (session_id, user_id) where readmitted_at is null;
create unique index if not exists instant_session_removals_session_id_guest_secret_hash_idx
  on private.instant_session_removals (session_id, guest_secret_hash) where readmitted_at is null;
create index if not exists instant_session_removals_session_id_removed_at_idx
  on private.instant_session_removals (session_id, removed_at);
create index if not exists instant_session_removals_user_id_idx on private.instant_session_removals (user_id);

alter table public.instant_sessions enable row level security;
alter table public.instant_session_participants enable row level security;
alter table private.instant_session_removals enable row level security;

revoke all on public.instant_sessions, public.instant_session_participants
  from public, anon, authenticated, service_role;
revoke all on private.instant_session_removals from public, anon, authenticated, service_role;
grant all on public.instant_sessions, public.instant_session_participants to service_role;
grant select on public.instant_sessions to anon;
grant select, delete on public.instant_sessions to authenticated;
-- An app may send a token, and times; triggers put the database's in their place.
grant insert (session_name, session_token, therapist_id, is_active, expires_at, locked, lobby),
  update (session_name, is_active, expires_at, locked, lobby)
  on public.instant_sessions to authenticated;
grant select, delete on public.instant_session_participants to anon, authenticated;
-- An upsert needs the right to update every column it sends, also those it leaves as they are.
grant insert (id, session_id, user_id, participant_name, is_active, joined_at, left_at),
  update (session_id, user_id, participant_name, is_active, joined_at, left_at)
  on public.instant_session_participants to anon, authenticated;

create or replace function private.session_token()
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(current_setting('request.headers', true), '')::json ->> 'x-session-token'
$$;
create or replace function private.hash_guest_secret(secret text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when char_length(secret) between 32 and 256 then encode(sha256(convert_to(secret, 'UTF8')), 'hex') end
$$;
-- What a secret is worth to the caller: nothing while signed in.
create or replace function private.own_guest_hash(secret text)
returns text
language sql
stable
set search_path = ''
as $$
  select case when auth.uid() is null then private.hash_guest_secret(secret) end
$$;
create or replace function private.guest_secret_hash()
returns text
language sql
stable
set search_path = ''
as $$
  select private.own_guest_hash(nullif(current_setting('request.headers', true), '')::json ->> 'x-guest-secret')
$$;
create or replace function private.was_removed(session_id uuid, person uuid, guest_hash text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from private.instant_session_removals r
    where r.session_id = was_removed.session_id and r.readmitted_at is null
      and (r.user_id = person or r.guest_secret_hash = guest_hash))
$$;
revoke execute on function private.was_removed(uuid, uuid, text) from public, anon, authenticated;
revoke execute on function private.session_token() from public, anon, authenticated;
revoke execute on function private.hash_guest_secret(text), private.own_guest_hash(text), private.guest_secret_hash()
  from public;
grant execute on function private.hash_guest_secret(text), private.own_guest_hash(text), private.guest_secret_hash()
  to anon, authenticated;
grant execute on function private.hash_guest_secret(text) to service_role;

-- Security definer, the next four, and open to anon: the policies of the two tables need each other, and their own
-- tables, and would recurse without a way around; a guest has no other role than anon. Each answers for the caller
-- alone: auth.uid() or the guest's secret, and the token that was presented.

-- Where the caller is a participant, waiting ones included.
create or replace function private.joined_instant_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select p.session_id from public.instant_session_participants p
  where p.user_id = auth.uid() or p.guest_secret_hash = private.guest_secret_hash()
$$;

-- Where the caller may see who is there: not after they have left.
create or replace function private.admitted_instant_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select s.id
  from public.instant_session_participants p join public.instant_sessions s on s.id = p.session_id
  where (p.user_id = auth.uid() or p.guest_secret_hash = private.guest_secret_hash())
    and p.is_active and p.admitted_at is not null and s.is_active and s.expires_at > now()
$$;

-- What the presented link opens: a lock does not keep members out, and no link opens for whoever was removed.
create or replace function private.linked_instant_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select s.id from public.instant_sessions s
  where s.session_token = private.session_token() and s.is_active and s.expires_at > now()
    and (not s.locked or s.id in (select private.joined_instant_session_ids()))
    and not private.was_removed(s.id, auth.uid(), private.guest_secret_hash())
$$;

-- Where the caller may go in, or back in.
create or replace function private.enterable_instant_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select private.linked_instant_session_ids()
  union all
  select s.id from public.instant_sessions s
  where s.is_active and s.expires_at > now()
    and (s.therapist_id = auth.uid() or s.id = any (array(select private.joined_instant_session_ids())))
$$;
revoke execute on function private.joined_instant_session_ids(), private.admitted_instant_session_ids(),
  private.linked_instant_session_ids(), private.enterable_instant_session_ids() from public;
grant execute on function private.joined_instant_session_ids(), private.admitted_instant_session_ids(),
  private.linked_instant_session_ids(), private.enterable_instant_session_ids() to anon, authenticated;

drop policy if exists instant_sessions_select_therapist on public.instant_sessions;
create policy instant_sessions_select_therapist on public.instant_sessions
  for select to authenticated using (therapist_id = (select auth.uid()));
drop policy if exists instant_sessions_select_participant on public.instant_sessions;
create policy instant_sessions_select_participant on public.instant_sessions
  for select to authenticated using (id = any (array(select private.joined_instant_session_ids())));
drop policy if exists instant_sessions_select_shared_link on public.instant_sessions;
create policy instant_sessions_select_shared_link on public.instant_sessions
  for select to anon using (id = any (array(select private.linked_instant_session_ids())));
drop policy if exists instant_sessions_select_by_id on public.instant_sessions;
create policy instant_sessions_select_by_id on public.instant_sessions
  for select to authenticated using (id = any (array(select private.linked_instant_session_ids())));
drop policy if exists "Expired sessions wait for the sweep" on public.instant_sessions;
create policy "Expired sessions wait for the sweep" on public.instant_sessions
  as restrictive for select to anon, authenticated using (not is_active or expires_at > now());
drop policy if exists "Therapists create their sessions" on public.instant_sessions;
create policy "Therapists create their sessions" on public.instant_sessions
  for insert to authenticated
  with check (therapist_id = (select auth.uid()) and (select private.is_host('instant_sessions')) and is_active);
drop policy if exists "Therapists change their sessions" on public.instant_sessions;
create policy "Therapists change their sessions" on public.instant_sessions
  for update to authenticated
  using (therapist_id = (select auth.uid())) with check (therapist_id = (select auth.uid()));
drop policy if exists "Therapists delete their sessions" on public.instant_sessions;
create policy "Therapists delete their sessions" on public.instant_sessions
  for delete to authenticated using (therapist_id = (select auth.uid()));

drop policy if exists instant_participants_select_by_session on public.instant_session_participants;
create policy instant_participants_select_by_session on public.instant_session_participants
  for select to anon, authenticated
  using (user_id = (select auth.uid()) or guest_secret_hash = (select private.guest_secret_hash())
    or session_id = any (array(select private.admitted_instant_session_ids()))
    or session_id = any (array(
      select s.id from public.instant_sessions s where s.therapist_id = (select auth.uid()))));
drop policy if exists instant_participants_insert_authenticated on public.instant_session_participants;
create policy instant_participants_insert_authenticated on public.instant_session_participants
  for insert to authenticated
  with check (user_id = (select auth.uid())
    and session_id = any (array(select private.enterable_instant_session_ids())));
drop policy if exists instant_participants_insert_anon on public.instant_session_participants;
create policy instant_participants_insert_anon on public.instant_session_participants
  for insert to anon
  with check (user_id is null and session_id = any (array(select private.enterable_instant_session_ids())));
drop policy if exists instant_participants_update_own on public.instant_session_participants;
create policy instant_participants_update_own on public.instant_session_participants
  for update to anon, authenticated
  using (user_id = (select auth.uid()) or guest_secret_hash = (select private.guest_secret_hash()))
  with check ((user_id = (select auth.uid()) or guest_secret_hash = (select private.guest_secret_hash()))
    and (not is_active or session_id = any (array(select private.enterable_instant_session_ids()))));
drop policy if exists instant_participants_delete_own on public.instant_session_participants;
create policy instant_participants_delete_own on public.instant_session_participants
  for delete to anon, authenticated
  using (user_id = (select auth.uid()) or guest_secret_hash = (select private.guest_secret_hash()));
drop policy if exists instant_participants_delete_therapist on public.instant_session_participants;
create policy instant_participants_delete_therapist on public.instant_session_participants
  for delete to authenticated
  using (session_id = any (array(
    select s.id from public.instant_sessions s where s.therapist_id = (select auth.uid()))));
