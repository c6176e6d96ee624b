-- People to try things with. FOR LOCAL USE ONLY: the password is public. `supabase db push` does not run this file
-- unless it is told to (--include-seed); never tell it to for a hosted project.
--
-- Sign in as <name>@convene.example with the password convene-local-only; the names are below. The trainer has accepted
-- client@; other-client@ has no lead with anyone. patient@ has asked the therapist, student@ has a booking with the
-- tutor, and customer@ is a client of the operator.

insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
    raw_user_meta_data, created_at, updated_at)
  select people.id, 'authenticated', 'authenticated', people.name || '@convene.example',
    -- bcrypt of convene-local-only
    '$2b$10$vQXa0XEN2.h3Z0pDeI07N.daXZ4lj0Dhl5/3TyBUlntCW2lSB/OzO',
    now(), '{"provider": "email", "providers": ["email"]}',
    jsonb_build_object('sub', people.id, 'email', people.name || '@convene.example', 'email_verified', true,
      'phone_verified', false),
    now(), now()
  from (values
    ('00000000-0000-4000-8000-000000000001'::uuid, 'trainer'),
    ('00000000-0000-4000-8000-000000000002', 'nutritionist'),
    ('00000000-0000-4000-8000-000000000003', 'client'),
    ('00000000-0000-4000-8000-000000000004', 'other-client'),
    ('00000000-0000-4000-8000-000000000005', 'stranger'),
    ('00000000-0000-4000-8000-000000000006', 'admin'),
    ('00000000-0000-4000-8000-000000000007', 'therapist'),
    ('00000000-0000-4000-8000-000000000008', 'patient'),
    ('00000000-0000-4000-8000-000000000009', 'tutor'),
    ('00000000-0000-4000-8000-00000000000a', 'student'),
    ('00000000-0000-4000-8000-00000000000b', 'premium'),
    ('00000000-0000-4000-8000-00000000000c', 'operator'),
    ('00000000-0000-4000-8000-00000000000d', 'customer')
  ) as people (id, name)
  on conflict (id) do nothing;

insert into auth.identities (id, provider, provider_id, user_id, identity_data, last_sign_in_at, created_at, updated_at)
  select u.id, 'email', u.id::text, u.id, u.raw_user_meta_data, now(), now(), now()
  from auth.users u where u.email like '%@convene.example'
  on conflict (provider, provider_id) do nothing;

-- Supabase's own auth server (not @supabase/lite) looks users up by instance and fails on NULL in these columns.
do $seed$
begin
  if exists (select from information_schema.columns
      where table_schema = 'auth' and table_name = 'users' and column_name = 'instance_id') then
    update auth.users
      set instance_id = '00000000-0000-0000-0000-000000000000', confirmation_token = '', recovery_token = '',
        email_change = '', email_change_token_new = ''
      where email like '%@convene.example' and instance_id is null;
  end if;
end
$seed$;

-- The sign-up trigger made the profiles, all of them clients; the app's own table may have none.
insert into public.profiles (id)
  select u.id from auth.users u where u.email like '%@convene.example'
  on conflict (id) do nothing;
update public.profiles p
  set role = people.role
  from (values
    ('00000000-0000-4000-8000-000000000001'::uuid, 'trainer'),
    ('00000000-0000-4000-8000-000000000002', 'nutritionist'),
    ('00000000-0000-4000-8000-000000000006', 'admin'),
    ('00000000-0000-4000-8000-000000000007', 'therapist'),
    ('00000000-0000-4000-8000-000000000008', 'patient'),
    ('00000000-0000-4000-8000-000000000009', 'tutor'),
    ('00000000-0000-4000-8000-00000000000a', 'student'),
    ('00000000-0000-4000-8000-00000000000c', 'operator')
  ) as people (id, role)
  where p.id = people.id;
update public.profiles set is_premium = true where id = '00000000-0000-4000-8000-00000000000b';

-- Accepting the lead opens the conversation.
insert into public.leads (id, client_id, provider_id, status)
  values ('00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000003',
    '00000000-0000-4000-8000-000000000001', 'accepted')
  on conflict (id) do nothing;

insert into public.patient_inquiries (id, patient_id, therapist_id)
  values ('00000000-0000-4000-8000-000000000201', '00000000-0000-4000-8000-000000000008',
    '00000000-0000-4000-8000-000000000007')
  on conflict (id) do nothing;
insert into public.bookings (id, tutor_id, student_id)
  values ('00000000-0000-4000-8000-000000000301', '00000000-0000-4000-8000-000000000009',
    '00000000-0000-4000-8000-00000000000a')
  on conflict (id) do nothing;
insert into public.operators (id) values ('00000000-0000-4000-8000-00000000000c') on conflict (id) do nothing;
insert into public.clients (id, auth_user_id, operator_id)
  values ('00000000-0000-4000-8000-000000000401', '00000000-0000-4000-8000-00000000000d',
    '00000000-0000-4000-8000-00000000000c')
  on conflict (id) do nothing;
