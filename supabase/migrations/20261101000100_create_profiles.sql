-- Roles come from `profiles`, never from a token's user_metadata, which users can edit. Most apps have this table
-- already; then it stays as it is and only gains the two columns the rules read. In both cases a trigger keeps
-- clients from writing them: whoever could set their own role would be a host, or an admin.

do $migration$
begin
  if to_regclass('public.profiles') is not null then
    return;
  end if;

  create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    role text not null default 'client' check (role in
      ('trainer', 'nutritionist', 'therapist', 'tutor', 'client', 'patient', 'student', 'operator', 'admin')),
    is_premium boolean not null default false,
    full_name text check (char_length(full_name) <= 200),
    avatar_url text check (char_length(avatar_url) <= 2048),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  alter table public.profiles enable row level security;
  revoke all on public.profiles from public, anon, authenticated, service_role;
  grant select on public.profiles to authenticated;
  grant update (full_name, avatar_url) on public.profiles to authenticated;
  grant all on public.profiles to service_role;

  create trigger profiles_touch_updated_at before update on public.profiles
    for each row execute function private.touch_updated_at();

  -- Security definer: sign-up runs as the auth server's role, which has no rights in `public`.
  create function private.create_profile()
  returns trigger
  language plpgsql
  security definer
  set search_path = ''
  as $$
  begin
    insert into public.profiles (id) values (new.id) on conflict (id) do nothing;
    return new;
  end
  $$;
  revoke execute on function private.create_profile() from public, anon, authenticated;
  create trigger convene_create_profile after insert on auth.users
    for each row execute function private.create_profile();
  insert into public.profiles (id) select id from auth.users on conflict (id) do nothing;

  -- Security definer: reads the tables that relate people past their policies. Late-bound (plpgsql), because those
  -- tables refer to this one and come after it.
  create function private.my_contact_ids()
  returns setof uuid
  language plpgsql
  stable
  security definer
  set search_path = ''
  as $$
  begin
    return query
      select provider_id from public.leads where client_id = auth.uid()
      union select client_id from public.leads where provider_id = auth.uid()
      union select provider_id from public.conversations where client_id = auth.uid()
      union select client_id from public.conversations where provider_id = auth.uid()
      union select therapist_id from public.patient_inquiries where patient_id = auth.uid()
      union select patient_id from public.patient_inquiries where therapist_id = auth.uid()
      union select therapist_id from public.treatment_plans where patient_id = auth.uid()
      union select patient_id from public.treatment_plans where therapist_id = auth.uid()
      union select tutor_id from public.bookings where student_id = auth.uid()
      union select student_id from public.bookings where tutor_id = auth.uid();
  end
  $$;
  revoke execute on function private.my_contact_ids() from public, anon;
  grant execute on function private.my_contact_ids() to authenticated;

  create policy "Users read their own profile and those of their contacts" on public.profiles
    for select to authenticated
    using (id = (select auth.uid()) or id = any (array(select private.my_contact_ids())));
  create policy "Users change their own profile" on public.profiles
    for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
end
$migration$;

alter table public.profiles add column if not exists role text not null default 'client';
alter table public.profiles add column if not exists is_premium boolean not null default false;

create or replace function private.guard_profile()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_user not in ('anon', 'authenticated') then
    return new;
  end if;
  if tg_op = 'INSERT' and (new.role::text <> 'client' or new.is_premium) then
    perform private.refuse(403, 'role_frozen', 'A new profile has the role client and no premium plan', 'role');
  end if;
  if tg_op = 'UPDATE' and new.role is distinct from old.role then
    perform private.refuse(403, 'role_frozen', 'Nobody can change their own role', 'role');
  end if;
  if tg_op = 'UPDATE' and new.is_premium is distinct from old.is_premium then
    perform private.refuse(403, 'plan_frozen', 'Nobody can change their own plan', 'is_premium');
  end if;
  if tg_op = 'UPDATE' and new.id is distinct from old.id then
    perform private.refuse(403, 'column_frozen', 'The id of a profile cannot be changed', 'id');
  end if;
  return new;
end
$$;
revoke execute on function private.guard_profile() from public, anon, authenticated;
create or replace trigger convene_guard_profile before insert or update on public.profiles
  for each row execute function private.guard_profile();

-- Configuration: the roles that may host sessions of a family, which is named by its table. Change the rows to change
-- the rule.
create table if not exists private.host_roles (
  family text not null,
  role text not null,
  primary key (family, role)
);
alter table private.host_roles enable row level security;
revoke all on private.host_roles from public, anon, authenticated;
grant select on private.host_roles to service_role;
insert into private.host_roles (family, role)
  select host.family, host.role
  from (values ('video_sessions', 'trainer'), ('video_sessions', 'nutritionist'), ('instant_sessions', 'therapist'),
    ('video_meetings', 'tutor'), ('virtual_sessions', 'tutor')) as host (family, role)
  where not exists (select from private.host_roles);

-- Security definer: must not depend on the policies of `profiles`.
create or replace function private.is_admin(person uuid default auth.uid())
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (select from public.profiles p where p.id = person and p.role::text = 'admin')
$$;
revoke execute on function private.is_admin(uuid) from public, anon, authenticated;
grant execute on function private.is_admin(uuid) to service_role;

-- Whose sessions the caller may read as their host does: the people from the first to the last of these ids, which is
-- the caller alone, or, for an admin, everyone. A range, because an index serves both. Security definer, both, for is_admin.
create or replace function private.first_readable_host()
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select case when private.is_admin() then '00000000-0000-0000-0000-000000000000'::uuid else auth.uid() end
$$;
create or replace function private.last_readable_host()
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select case when private.is_admin() then 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid else auth.uid() end
$$;
revoke execute on function private.first_readable_host(), private.last_readable_host() from public, anon;
grant execute on function private.first_readable_host(), private.last_readable_host() to authenticated;

-- Security definer: for the same reason, and because no client reads `private.host_roles`.
create or replace function private.is_host(family text, person uuid default auth.uid())
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select from public.profiles p join private.host_roles h on h.role = p.role::text
    where p.id = person and h.family = is_host.family)
$$;
revoke execute on function private.is_host(text, uuid) from public, anon;
grant execute on function private.is_host(text, uuid) to authenticated, service_role;
