-- Convene on top of an app that has its own tables (existing_app.sql): it works there, and changes nothing but the
-- columns, the indexes and the guards that its rules depend on.
\set ON_ERROR_STOP on
begin;
create extension if not exists pgtap with schema extensions;
set local search_path = public, extensions;
select plan(27);

select columns_are('public', 'profiles', array['id', 'role', 'username', 'favourite_colour', 'is_premium'],
  'APP-01 the app''s profiles gain is_premium and nothing else');
select results_eq($$select policyname::text collate "default" from pg_policies where tablename in
    ('profiles', 'leads', 'conversations', 'messages', 'clients', 'operators', 'patient_inquiries', 'treatment_plans')$$,
  array['own profile'],
  'APP-02 no policy is added to the app''s tables');
select is((select count(*) from pg_trigger where tgrelid in ('auth.users'::regclass, 'leads'::regclass)
  and not tgisinternal), 0::bigint, 'APP-03 sign-up and leads stay the app''s own');
select lives_ok($$insert into auth.users (id, email) values (gen_random_uuid(), 'new@app.example')$$,
  'APP-04 sign-up works though the app''s profiles have columns that we do not know');

select set_config('request.jwt.claims', '{"sub": "10000000-0000-4000-8000-000000000001", "role": "authenticated"}', true),
  set_config('role', 'authenticated', true);
select is(create_video_session('{"title": "Hello", "scheduled_start": "2030-05-01T10:00:00Z", "duration_minutes": 30,
    "provider": "manual", "join_url": "https://video.example/x", "send_invite": true,
    "client_ids": ["10000000-0000-4000-8000-000000000002"]}', 'key', '{}') ->> 'outcome', 'created',
  'APP-05 a trainer of the app creates a session with the client of an accepted lead');
select throws_like($$update profiles set role = 'admin'$$, '%role_frozen%',
  'APP-06 whose policies would let them be admin');
select throws_like($$update profiles set is_premium = true$$, '%plan_frozen%', 'APP-07 or premium');
select lives_ok($$update profiles set favourite_colour = 'green'$$, 'APP-08 other columns are the app''s business');

select set_config('role', 'none', true);
select is((select count(*) from conversations), 1::bigint, 'APP-09 inviting made the conversation');
select is((select content from messages), E'Hello\n2030-05-01 10:00 (UTC)\nhttps://video.example/x',
  'APP-10 and wrote the link into it');

-- The app's clients and operators.
select columns_are('public', 'clients', array['id', 'auth_user_id', 'company', 'operator_id'],
  'APP-11 the app''s clients gain operator_id and nothing else');
select columns_are('public', 'operators', array['id', 'desk'], 'APP-12 its operators nothing');
select has_index('public', 'clients', 'clients_auth_user_id_idx', array['auth_user_id'],
  'APP-13 finding the record of who is signed in has an index');
select has_index('public', 'clients', 'clients_operator_id_idx', array['operator_id'],
  'APP-14 so have an operator''s clients');
select fk_ok('public', 'clients', 'operator_id', 'public', 'operators', 'id', 'APP-15 who are operators of the app');
select triggers_are('public', 'clients', array['convene_freeze_operator', 'convene_guard_client'],
  'APP-16 two guards of operator_id are the only triggers there');

insert into operators (id, desk) values ('10000000-0000-4000-8000-000000000001', 'north');
insert into clients (id, auth_user_id, operator_id) values
  ('10000000-0000-4000-8000-000000000011', '10000000-0000-4000-8000-000000000002',
    '10000000-0000-4000-8000-000000000001'),
  ('10000000-0000-4000-8000-000000000012', null, null);
create policy "the app's own" on clients for all to authenticated using (true) with check (true);
grant all on clients to authenticated;
select set_config('request.jwt.claims', '{"sub": "10000000-0000-4000-8000-000000000002", "role": "authenticated"}',
    true),
  set_config('role', 'authenticated', true);
select lives_ok($$insert into meetings (client_id, operator_id, title, scheduled_at) values
    ('10000000-0000-4000-8000-000000000011', '10000000-0000-4000-8000-000000000001', 'M', '2030-05-01T10:00:00Z')$$,
  'APP-17 a client of the app plans a meeting with their operator');
select throws_ok($$insert into meetings (client_id, operator_id, title, scheduled_at) values
    ('10000000-0000-4000-8000-000000000012', '10000000-0000-4000-8000-000000000001', 'M', '2030-05-01T10:00:00Z')$$,
  '42501', null, 'APP-18 and none for another whose record the app shows them');
select throws_like($$update clients set operator_id = '10000000-0000-4000-8000-000000000001'
    where operator_id is null$$,
  '%column_frozen%', 'APP-19 or makes them one of that operator''s');
select lives_ok($$update clients set company = 'Acme'$$, 'APP-20 other columns are the app''s business');
select set_config('request.jwt.claims', '{"sub": "10000000-0000-4000-8000-000000000001", "role": "authenticated"}',
    true);
select is((select count(*) from meetings), 1::bigint, 'APP-21 the operator sees the meeting');
select set_config('role', 'none', true);
select is((select count(*) from notifications where user_id = '10000000-0000-4000-8000-000000000001'
    and type = 'meeting_created'), 1::bigint, 'APP-22 and is told, in the app''s own notifications');

-- The foreign keys of the therapy app.
select results_eq($$select conrelid::regclass::text collate "default", conname::text collate "default",
    confrelid::regclass::text collate "default", convalidated, confdeltype::text collate "default"
  from pg_constraint
  where contype = 'f' and conrelid in ('patient_inquiries'::regclass, 'treatment_plans'::regclass) order by 1, 2$$,
  $$values ('patient_inquiries', 'patient_inquiries_patient_id_fkey', 'profiles', false, 'a'),
    ('patient_inquiries', 'patient_inquiries_therapist_id_fkey', 'profiles', false, 'a'),
    ('patient_inquiries', 'patient_inquiries_therapist_id_fkey_original', 'auth.users', true, 'a'),
    ('treatment_plans', 'treatment_plans_patient_id_fkey', 'profiles', true, 'c'),
    ('treatment_plans', 'treatment_plans_therapist_id_fkey', 'profiles', true, 'a')$$,
  'APP-23 the foreign keys that embeddings name are there, added, renamed or as they were');
select is((select count(*) from patient_inquiries), 1::bigint, 'APP-24 a row that refers to nobody stays');
select throws_ok($$insert into patient_inquiries (patient_id, therapist_id)
    values (gen_random_uuid(), '10000000-0000-4000-8000-000000000001')$$, '23503', null,
  'APP-25 there will be no more of them');
select is((select count(*) from pg_index where indrelid = 'patient_inquiries'::regclass), 3::bigint,
  'APP-26 the keys are indexed, once');
select is((select count(*) from pg_index where indrelid = 'treatment_plans'::regclass), 3::bigint,
  'APP-27 and an index that was there is enough');

select * from finish();
rollback;
