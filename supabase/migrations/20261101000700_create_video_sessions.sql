-- The sessions of the coaching app, who takes part, and the host's start link. Apps read and change these tables
-- through PostgREST, so the rules stand here and not in a function: a host owns their rows, clients and participants
-- read them, and what identifies a meeting at the provider is written by the service alone.

-- Its ranges are in private.check_video_session, which tells them apart for the caller.
create table if not exists public.video_sessions (
  id uuid primary key default gen_random_uuid(),
  host_id uuid not null references public.profiles (id) on delete cascade,
  client_id uuid references public.profiles (id) on delete set null,
  conversation_id uuid references public.conversations (id) on delete set null,
  provider text not null check (provider in ('zoom', 'meet', 'jitsi', 'teams', 'manual', 'openvidu')),
  title text not null,
  description text,
  scheduled_start timestamptz not null,
  duration_minutes integer not null,
  timezone text not null default 'UTC',
  max_participants integer,
  status text not null default 'scheduled' check (status in ('scheduled', 'live', 'ended', 'cancelled')),
  join_url text,
  -- Set by commit_zoom_session only: whoever could write it could have any meeting of the host deleted.
  provider_meeting_id text check (char_length(provider_meeting_id) <= 255),
  passcode text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists video_sessions_host_id_scheduled_start_idx
  on public.video_sessions (host_id, scheduled_start);
create index if not exists video_sessions_client_id_scheduled_start_idx
  on public.video_sessions (client_id, scheduled_start);
create index if not exists video_sessions_conversation_id_idx on public.video_sessions (conversation_id);
create index if not exists video_sessions_open_idx on public.video_sessions (scheduled_start)
  where status in ('scheduled', 'live');
create unique index if not exists video_sessions_one_per_meeting
  on public.video_sessions (provider, provider_meeting_id) where provider_meeting_id is not null;

create table if not exists public.video_session_participants (
  session_id uuid not null references public.video_sessions (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role text not null default 'participant' check (role in ('host', 'participant')),
  added_at timestamptz not null default now(),
  -- When they were sent the link; no client writes it.
  invited_at timestamptz,
  primary key (session_id, user_id)
);
create index if not exists video_session_participants_user_id_idx on public.video_session_participants (user_id);

create table if not exists public.video_session_host_meta (
  session_id uuid primary key references public.video_sessions (id) on delete cascade,
  host_id uuid not null references public.profiles (id) on delete cascade,
  host_start_url text not null,
  -- Zoom's start link lives two hours.
  expires_at timestamptz not null
);
create index if not exists video_session_host_meta_host_id_idx on public.video_session_host_meta (host_id);
create index if not exists video_session_host_meta_expires_at_idx on public.video_session_host_meta (expires_at);

alter table public.video_sessions enable row level security;
alter table public.video_session_participants enable row level security;
alter table public.video_session_host_meta enable row level security;

revoke all on public.video_sessions, public.video_session_participants, public.video_session_host_meta
  from public, anon, authenticated, service_role;
grant all on public.video_sessions, public.video_session_participants, public.video_session_host_meta
  to service_role;
grant select, delete on public.video_sessions to authenticated;
-- Nobody chooses an id: it could be one that was deleted, to which notifications and keys still lead.
grant insert (host_id, client_id, conversation_id, provider, title, description, scheduled_start,
    duration_minutes, timezone, max_participants, join_url, passcode),
  update (client_id, conversation_id, provider, title, description, scheduled_start, duration_minutes, timezone,
    max_participants, status, join_url, passcode)
  on public.video_sessions to authenticated;
grant select, delete on public.video_session_participants to authenticated;
grant insert (session_id, user_id, role) on public.video_session_participants to authenticated;
grant select on public.video_session_host_meta to authenticated;

-- Security definer, both: the policies of the two tables need each other, and would recurse without a way around.
create or replace function private.joined_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select p.session_id from public.video_session_participants p
  where p.user_id = auth.uid() and p.role = 'participant'
$$;
create or replace function private.hosted_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select s.id from public.video_sessions s where s.host_id = auth.uid()
$$;
revoke execute on function private.joined_session_ids(), private.hosted_session_ids() from public, anon;
grant execute on function private.joined_session_ids(), private.hosted_session_ids() to authenticated;

drop policy if exists "Hosts, clients and participants read a session" on public.video_sessions;
create policy "Hosts, clients and participants read a session" on public.video_sessions
  for select to authenticated
  using (host_id = (select auth.uid()) or client_id = (select auth.uid())
    or id = any (array(select private.joined_session_ids())));
drop policy if exists "Overdue sessions wait for the sweep" on public.video_sessions;
create policy "Overdue sessions wait for the sweep" on public.video_sessions
  as restrictive for select to authenticated
  using (status in ('ended', 'cancelled') or scheduled_start >= (select private.overdue_before()));
drop policy if exists "Hosts create sessions with their own clients" on public.video_sessions;
create policy "Hosts create sessions with their own clients" on public.video_sessions
  for insert to authenticated
  with check (host_id = (select auth.uid()) and (select private.is_host('video_sessions'))
    and status = 'scheduled' and provider_meeting_id is null
    and (client_id is null or private.is_my_client(client_id))
    and (conversation_id is null or private.is_my_conversation(conversation_id)));
drop policy if exists "Hosts change their sessions" on public.video_sessions;
create policy "Hosts change their sessions" on public.video_sessions
  for update to authenticated
  using (host_id = (select auth.uid())) with check (host_id = (select auth.uid()));
drop policy if exists "Hosts delete their sessions" on public.video_sessions;
create policy "Hosts delete their sessions" on public.video_sessions
  for delete to authenticated using (host_id = (select auth.uid()));

drop policy if exists "Hosts and participants read who takes part" on public.video_session_participants;
create policy "Hosts and participants read who takes part" on public.video_session_participants
  for select to authenticated
  using (user_id = (select auth.uid())
    or session_id = any (array(select private.joined_session_ids()))
    or session_id = any (array(select private.hosted_session_ids())));
drop policy if exists "Hosts add their own clients" on public.video_session_participants;
create policy "Hosts add their own clients" on public.video_session_participants
  for insert to authenticated
  with check (session_id = any (array(select private.hosted_session_ids()))
    and role = 'participant' and private.is_my_client(user_id));
drop policy if exists "Hosts remove participants" on public.video_session_participants;
create policy "Hosts remove participants" on public.video_session_participants
  for delete to authenticated
  using (session_id = any (array(select private.hosted_session_ids())) and role = 'participant');

drop policy if exists "Hosts read their own start link" on public.video_session_host_meta;
create policy "Hosts read their own start link" on public.video_session_host_meta
  for select to authenticated
  using (host_id = (select auth.uid()) and expires_at > now());

-- Whoever disconnects Zoom, or was disconnected by it, leaves no start link behind.
create or replace function private.forget_start_links()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  delete from public.video_session_host_meta m where m.host_id = old.user_id;
  return null;
end
$$;
revoke execute on function private.forget_start_links() from public, anon, authenticated;
-- Whether the user is connected, and stays so until the end of the transaction: a start link that is written along does
-- not outlive the connection.
create or replace function private.lock_zoom_connection(person uuid)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  perform from public.user_integrations_zoom z where z.user_id = person for key share;
  return found;
end
$$;
revoke execute on function private.lock_zoom_connection(uuid) from public, anon, authenticated;
grant execute on function private.lock_zoom_connection(uuid) to service_role;

create or replace trigger forget_start_links after delete on public.user_integrations_zoom
  for each row execute function private.forget_start_links();

-- Nor does a session that is over. Security definer: the host who ends it writes no start links.
create or replace function private.forget_start_link()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.video_session_host_meta m where m.session_id = new.id;
  return null;
end
$$;
revoke execute on function private.forget_start_link() from public, anon, authenticated;
create or replace trigger video_sessions_forget_start_link after update of status on public.video_sessions
  for each row when (new.status in ('ended', 'cancelled')) execute function private.forget_start_link();
