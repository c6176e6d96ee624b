-- The remaining tables that the five kinds of app bring along, for a project that does not have them: just the
-- columns that sessions refer to, readable by those they are about, written by the service alone. An app that has
-- its own keeps it; only the foreign keys by which the therapy app embeds profiles are added there.

do $migration$
begin
  if to_regclass('public.operators') is not null then
    return;
  end if;
  create table public.operators (
    id uuid primary key references auth.users (id) on delete cascade,
    created_at timestamptz not null default now()
  );
  alter table public.operators enable row level security;
  revoke all on public.operators from public, anon, authenticated, service_role;
  grant select on public.operators to authenticated;
  grant all on public.operators to service_role;
  create policy "Operators read their own record" on public.operators
    for select to authenticated using (id = (select auth.uid()));
end
$migration$;

do $migration$
begin
  if to_regclass('public.clients') is not null then
    return;
  end if;
  create table public.clients (
    id uuid primary key default gen_random_uuid(),
    auth_user_id uuid unique references auth.users (id) on delete set null,
    operator_id uuid references public.operators (id) on delete set null,
    created_at timestamptz not null default now()
  );
  alter table public.clients enable row level security;
  revoke all on public.clients from public, anon, authenticated, service_role;
  grant select on public.clients to authenticated;
  grant all on public.clients to service_role;
  create policy "Clients and their operators read a client's record" on public.clients
    for select to authenticated
    using (auth_user_id = (select auth.uid()) or operator_id = (select auth.uid()));
end
$migration$;

do $migration$
begin
  if to_regclass('public.bookings') is not null then
    return;
  end if;
  create table public.bookings (
    id uuid primary key default gen_random_uuid(),
    tutor_id uuid not null references public.profiles (id) on delete cascade,
    student_id uuid not null references public.profiles (id) on delete cascade,
    created_at timestamptz not null default now()
  );
  create index bookings_tutor_id_idx on public.bookings (tutor_id);
  create index bookings_student_id_idx on public.bookings (student_id);
  alter table public.bookings enable row level security;
  revoke all on public.bookings from public, anon, authenticated, service_role;
  grant select on public.bookings to authenticated;
  grant all on public.bookings to service_role;
  create policy "Tutor and student read a booking" on public.bookings
    for select to authenticated
    using (tutor_id = (select auth.uid()) or student_id = (select auth.uid()));
end
$migration$;

do $migration$
begin
  if to_regclass('public.patient_inquiries') is not null then
    return;
  end if;
  create table public.patient_inquiries (
    id uuid primary key default gen_random_uuid(),
    patient_id uuid not null,
    therapist_id uuid not null,
    created_at timestamptz not null default now(),
    constraint patient_inquiries_patient_id_fkey
      foreign key (patient_id) references public.profiles (id) on delete cascade,
    constraint patient_inquiries_therapist_id_fkey
      foreign key (therapist_id) references public.profiles (id) on delete cascade
  );
  create index patient_inquiries_patient_id_idx on public.patient_inquiries (patient_id);
  create index patient_inquiries_therapist_id_idx on public.patient_inquiries (therapist_id);
  alter table public.patient_inquiries enable row level security;
  revoke all on public.patient_inquiries from public, anon, authenticated, service_role;
  grant select on public.patient_inquiries to authenticated;
  grant all on public.patient_inquiries to service_role;
  create policy "Patient and therapist read an inquiry" on public.patient_inquiries
    for select to authenticated
    using (patient_id = (select auth.uid()) or therapist_id = (select auth.uid()));
end
$migration$;

do $migration$
begin
  if to_regclass('public.treatment_plans') is not null then
    return;
  end if;
  create table public.treatment_plans (
    id uuid primary key default gen_random_uuid(),
    patient_id uuid not null,
    therapist_id uuid not null,
    created_at timestamptz not null default now(),
    constraint treatment_plans_patient_id_fkey
      foreign key (patient_id) references public.profiles (id) on delete cascade,
    constraint treatment_plans_therapist_id_fkey
      foreign key (therapist_id) references public.profiles (id) on delete cascade
  );
  create index treatment_plans_patient_id_idx on public.treatment_plans (patient_id);
  create index treatment_plans_therapist_id_idx on public.treatment_plans (therapist_id);
  alter table public.treatment_plans enable row level security;
  revoke all on public.treatment_plans from public, anon, authenticated, service_role;
  grant select on public.treatment_plans to authenticated;
  grant all on public.treatment_plans to service_role;
  create policy "Patient and therapist read a treatment plan" on public.treatment_plans
    for select to authenticated
    using (patient_id = (select auth.uid()) or therapist_id = (select auth.uid()));
end
$migration$;

-- Apps name these constraints to embed the patient's and the therapist's profile. On an app's own table: a foreign key
-- that is there under another name gets this one; one of this name that leads elsewhere (to auth.users, say) keeps
-- doing so under another; a new one is not valid for rows that were there before and deletes nothing by itself, because
-- what happens to plans when an account goes is that app's decision.
do $migration$
declare
  target record;
  key text;
  ours text;
  other text;
begin
  for target in
    select c.oid::regclass as tab, c.oid, c.relname, a.attname, a.attnum, p.attnum as profile_id
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname in ('patient_id', 'therapist_id')
      and a.atttypid = 'uuid'::regtype
    join pg_attribute p on p.attrelid = 'public.profiles'::regclass and p.attname = 'id'
    where c.oid in (to_regclass('public.patient_inquiries'), to_regclass('public.treatment_plans'))
      and c.relkind in ('r', 'p')
  loop
    key := format('%s_%s_fkey', target.relname, target.attname);
    select min(f.conname) filter (where f.confrelid = 'public.profiles'::regclass and f.contype = 'f'
        and f.conkey = array[target.attnum] and f.confkey = array[target.profile_id]
        and (f.conname = key or not exists (select from pg_constraint n
          where n.conrelid = target.oid and n.conname = key and n.confrelid = f.confrelid))),
      min(f.conname) filter (where f.conname = key and f.confrelid <> 'public.profiles'::regclass)
      into ours, other from pg_constraint f where f.conrelid = target.oid;
    if other is not null then
      execute format('alter table %s rename constraint %I to %I', target.tab, key, key || '_original');
    end if;
    if ours is null then
      execute format('alter table %s add constraint %I foreign key (%I) references public.profiles (id) not valid',
        target.tab, key, target.attname);
    elsif ours <> key then
      execute format('alter table %s rename constraint %I to %I', target.tab, ours, key);
    end if;
    if not exists (select from pg_index i where i.indrelid = target.oid and i.indkey[0] = target.attnum
        and i.indpred is null) then
      execute format('create index on %s (%I)', target.tab, target.attname);
    end if;
  end loop;
end
$migration$;
