-- An app that lived before Convene: the tables it shares with us, with columns, types, policies and data of its own.
create type public.lead_status as enum ('requested', 'accepted', 'declined');

create table public.profiles (
  id uuid primary key references auth.users (id),
  role text not null,
  username text not null unique,
  favourite_colour text not null default 'blue'
);
alter table public.profiles enable row level security;
create policy "own profile" on public.profiles for all to authenticated
  using (id = (select auth.uid())) with check (id = (select auth.uid()));
create table public.leads (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.profiles (id),
  provider_id uuid not null references public.profiles (id),
  status public.lead_status not null default 'requested',
  budget integer
);
create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  lead_id uuid references public.leads (id),
  client_id uuid not null references public.profiles (id),
  provider_id uuid not null references public.profiles (id),
  topic text
);
create table public.messages (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references public.conversations (id),
  sender_id uuid not null references public.profiles (id),
  content text not null,
  starred boolean not null default false
);
create table public.notifications (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id),
  type text not null,
  title text not null,
  body text not null,
  data jsonb,
  icon text not null default 'bell'
);
alter table public.notifications enable row level security;
create table public.clients (id uuid primary key default gen_random_uuid(), auth_user_id uuid, company text);
create table public.operators (id uuid primary key, desk text);
create table public.patient_inquiries (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null,
  therapist_id uuid not null references auth.users (id),
  concern text
);
create table public.treatment_plans (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null constraint plan_of references public.profiles (id) on delete cascade,
  therapist_id uuid not null references public.profiles (id),
  goal text
);
create index plans_by_patient on public.treatment_plans (patient_id);
alter table public.patient_inquiries enable row level security;
alter table public.treatment_plans enable row level security;
alter table public.leads enable row level security;
alter table public.conversations enable row level security;
alter table public.messages enable row level security;
alter table public.clients enable row level security;
alter table public.operators enable row level security;

insert into auth.users (id, email) values
  ('10000000-0000-4000-8000-000000000001', 'coach@app.example'),
  ('10000000-0000-4000-8000-000000000002', 'member@app.example');
insert into public.profiles (id, role, username) values
  ('10000000-0000-4000-8000-000000000001', 'trainer', 'coach'),
  ('10000000-0000-4000-8000-000000000002', 'client', 'member');
insert into public.leads (client_id, provider_id, status) values
  ('10000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', 'accepted');
-- The patient's account is gone.
insert into public.patient_inquiries (patient_id, therapist_id) values
  ('10000000-0000-4000-8000-000000000009', '10000000-0000-4000-8000-000000000001');
