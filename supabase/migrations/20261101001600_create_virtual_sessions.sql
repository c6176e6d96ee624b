-- The group sessions of the revision app. Anyone may see what is upcoming or live, so the room and its link are not in
-- that row but in a table of their own, which the creator and those with a seat read. Seats are handed out by
-- functions alone; `registered_users` is the list of them that apps know, kept by the database.

-- Its ranges are in private.guard_virtual_session, which tells them apart for the caller.
create table if not exists public.virtual_sessions (
  id uuid primary key default gen_random_uuid(),
  creator_id uuid not null references public.profiles (id) on delete cascade,
  title text not null,
  description text,
  subject text,
  tutor_name text not null,
  scheduled_time timestamptz not null,
  duration_minutes integer not null default 60,
  max_attendees integer not null default 50,
  registered_users uuid[] not null default '{}',
  status text not null default 'upcoming' check (status in ('upcoming', 'live', 'completed', 'cancelled')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists virtual_sessions_creator_id_scheduled_time_idx
  on public.virtual_sessions (creator_id, scheduled_time);
-- For the list that everyone sees, and for the sweep.
create index if not exists virtual_sessions_open_idx on public.virtual_sessions (scheduled_time)
  where status in ('upcoming', 'live');

create table if not exists public.virtual_session_rooms (
  session_id uuid primary key references public.virtual_sessions (id) on delete cascade,
  meeting_room_id text not null unique check (meeting_room_id ~ '^convene-[0-9a-f]{32,}$'),
  meeting_url text not null,
  -- Whether Jitsi lets in by tokens alone. Else whoever knows the URL is in.
  is_guarded boolean not null default false
);

create table if not exists public.virtual_session_registrations (
  session_id uuid not null references public.virtual_sessions (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  status text not null check (status in ('registered', 'waiting', 'removed')),
  -- The order of arrival, which is that of the waitlist.
  place bigint not null,
  primary key (session_id, user_id),
  constraint virtual_session_registrations_one_per_place unique (session_id, place)
);
create index if not exists virtual_session_registrations_user_id_idx
  on public.virtual_session_registrations (user_id);

alter table public.virtual_sessions enable row level security;
alter table public.virtual_session_rooms enable row level security;
alter table public.virtual_session_registrations enable row level security;

revoke all on public.virtual_sessions, public.virtual_session_rooms, public.virtual_session_registrations
  from public, anon, authenticated, service_role;
grant select on public.virtual_sessions to anon;
grant select, delete on public.virtual_sessions to authenticated;
grant insert (creator_id, title, description, subject, tutor_name, scheduled_time, duration_minutes,
    max_attendees),
  update (title, description, subject, tutor_name, scheduled_time, duration_minutes, max_attendees, status)
  on public.virtual_sessions to authenticated;
grant select on public.virtual_session_rooms, public.virtual_session_registrations to authenticated;
grant all on public.virtual_sessions to service_role;
-- A deletion hands the seat on; written in any other way, seats would not add up.
grant select, update (meeting_url, is_guarded) on public.virtual_session_rooms to service_role;
grant select, delete on public.virtual_session_registrations to service_role;

-- For the caller, or for whom the service acts. Security definer: must not depend on the policies of `profiles`.
create or replace function private.creates_virtual_sessions()
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select private.is_host('virtual_sessions', private.acting_user())
    or exists (select from public.profiles p where p.id = private.acting_user() and p.is_premium)
$$;
-- Security definer, the three that answer ids: the policies of these tables need each other, and would recurse without a
-- way around.
create or replace function private.hosted_virtual_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select s.id from public.virtual_sessions s where s.creator_id = auth.uid()
$$;
create or replace function private.joined_virtual_session_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select r.session_id from public.virtual_session_registrations r
  where r.user_id = auth.uid() and r.status in ('registered', 'waiting')
$$;
-- From when on the people of a session that is open get into its room.
create or replace function private.virtual_room_opens_at(session public.virtual_sessions)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case session.status when 'live' then '-infinity' else session.scheduled_time - interval '10 minutes' end
$$;
revoke execute on function private.virtual_room_opens_at(public.virtual_sessions) from public, anon, authenticated;

-- Before, nobody learns the room who may give their seat back yet.
create or replace function private.virtual_room_ids()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select private.hosted_virtual_session_ids()
  union all
  select r.session_id from public.virtual_session_registrations r
    join public.virtual_sessions s on s.id = r.session_id
  where r.user_id = auth.uid() and r.status = 'registered' and private.virtual_room_opens_at(s) <= now()
$$;
revoke execute on function private.creates_virtual_sessions(), private.hosted_virtual_session_ids(),
  private.joined_virtual_session_ids(), private.virtual_room_ids() from public, anon;
grant execute on function private.creates_virtual_sessions(), private.hosted_virtual_session_ids(),
  private.joined_virtual_session_ids(), private.virtual_room_ids() to authenticated;
grant execute on function private.creates_virtual_sessions() to service_role;

-- In both policies the bound on scheduled_time alone is for the index: what is open started after it.
drop policy if exists "Anyone reads upcoming and live group sessions" on public.virtual_sessions;
create policy "Anyone reads upcoming and live group sessions" on public.virtual_sessions
  for select to anon
  using (status in ('upcoming', 'live') and scheduled_time >= (select private.overdue_before())
    and (status = 'live' or scheduled_time + make_interval(mins => duration_minutes) > now()));
drop policy if exists "Users read open group sessions and all of their own" on public.virtual_sessions;
create policy "Users read open group sessions and all of their own" on public.virtual_sessions
  for select to authenticated
  using (creator_id = (select auth.uid())
    or id = any (array(select private.joined_virtual_session_ids()))
    or (status in ('upcoming', 'live') and scheduled_time >= (select private.overdue_before())
      and (status = 'live' or scheduled_time + make_interval(mins => duration_minutes) > now())));
drop policy if exists "Overdue group sessions wait for the sweep" on public.virtual_sessions;
create policy "Overdue group sessions wait for the sweep" on public.virtual_sessions
  as restrictive for select to anon, authenticated
  using (status in ('completed', 'cancelled') or scheduled_time >= (select private.overdue_before()));
drop policy if exists "Tutors and premium users create group sessions" on public.virtual_sessions;
create policy "Tutors and premium users create group sessions" on public.virtual_sessions
  for insert to authenticated
  with check (creator_id = (select auth.uid()) and (select private.creates_virtual_sessions())
    and status = 'upcoming');
drop policy if exists "Creators change their group sessions" on public.virtual_sessions;
create policy "Creators change their group sessions" on public.virtual_sessions
  for update to authenticated
  using (creator_id = (select auth.uid())) with check (creator_id = (select auth.uid()));
drop policy if exists "Creators delete their group sessions" on public.virtual_sessions;
create policy "Creators delete their group sessions" on public.virtual_sessions
  for delete to authenticated using (creator_id = (select auth.uid()));

drop policy if exists "The creator and those with a seat read the room" on public.virtual_session_rooms;
create policy "The creator and those with a seat read the room" on public.virtual_session_rooms
  for select to authenticated
  using (session_id = any (array(select private.virtual_room_ids())));

drop policy if exists "Users read their own registrations, creators all of theirs"
  on public.virtual_session_registrations;
create policy "Users read their own registrations, creators all of theirs" on public.virtual_session_registrations
  for select to authenticated
  using (user_id = (select auth.uid())
    or session_id = any (array(select private.hosted_virtual_session_ids())));
